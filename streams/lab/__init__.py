"""Two policies or models side by side: what would be said, no longer said, said otherwise."""
