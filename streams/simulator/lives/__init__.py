"""Lives of vehicles: every module writes the papers of some classes and says what must be found in them."""
