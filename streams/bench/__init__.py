"""Measurements behind the figures."""
