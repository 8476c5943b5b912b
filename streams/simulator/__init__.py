"""A simulated country: labelled vehicle documents, calibrated to published figures.

Nothing here imports the detectors: what a vehicle's documents should lead to is written down by the
code that invents the documents, so that a score measured on them means something.
"""

from streams.simulator.country import CountrySummary, simulate
from streams.simulator.parameters import ParameterError, SimulatedCountry, load_country

__all__ = ["CountrySummary", "ParameterError", "SimulatedCountry", "load_country", "simulate"]
