"""Lives of vehicles: each module writes the papers of some classes and what must be found in them."""
