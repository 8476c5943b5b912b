"""Batches of documents in, changes of alerts out: vehicle by vehicle, with state."""
