"""Records of vehicles, and where they lie."""
