"""Benchmarks: what the detectors are measured with, and the commands that run the measurements."""
