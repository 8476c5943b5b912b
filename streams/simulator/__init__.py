"""A simulated country: labelled vehicle papers, calibrated to published figures.

Nothing here imports the detectors: what a vehicle's papers should lead to is written down by the
code that invents the papers, so that a score measured on them means something.
"""

from streams.simulator.country import Summary, simulate
from streams.simulator.parameters import Country, ParameterError, load_country

__all__ = ["Country", "ParameterError", "Summary", "load_country", "simulate"]
