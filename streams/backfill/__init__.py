"""Recorded streams, all at once."""
