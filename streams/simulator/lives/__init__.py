"""Lives of vehicles: each module writes the documents of some classes and what is to be found."""
