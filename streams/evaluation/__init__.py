"""How good alerts are on a stream of which somebody knows what its people were about."""
