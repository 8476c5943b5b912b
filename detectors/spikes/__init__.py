"""Sudden spikes in provincial export counts."""
