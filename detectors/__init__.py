"""The functional core: documents, vehicle histories, findings, rules, forest and spikes.

Nothing in this package does I/O, reads a clock or draws unseeded random numbers.
"""
