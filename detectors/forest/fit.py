"""Does a model fit the documents that it judges? A share of the unusual that no promise allows."""

from dataclasses import dataclass

from detectors.forest.judging import judge
from detectors.forest.packing import FloatArray
from detectors.forest.trained import TrainedForest

LEVEL = 0.01
"""P-value whose share is looked at."""
MOST_UNUSUAL = 0.05
"""Greatest share of exports without a rule's finding at p <= 0.01: five times what a fitting model
gives, so that new schemes among them are no misfit. Assumption."""
LEAST_EXPORTS = 100
"""Fewest exports for a statement."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How many of the exports that no rule finds a reference forest finds unusual.

    Attributes
    ----------
    exports
        Exports looked at.
    unusual
        Share of them at p <= 0.01.
    """

    exports: int
    unusual: float

    @property
    def misfit(self) -> bool:
        """Whether the model knows another population than this one."""
        return self.exports >= LEAST_EXPORTS and self.unusual > MOST_UNUSUAL


def measure_fit(forest: TrainedForest, values: FloatArray, provinces: list[str]) -> Fit:
    """Judge exports that no rule finds, all of them or a fair sample.

    Parameters
    ----------
    forest
        The reference forest.
    values
        Their measured life-cycle features, shape ``(exports, features)``.
    provinces
        Their provinces.
    """
    if not len(values):
        return Fit(0, 0.0)
    p_value = judge(forest, values, provinces).p_value
    return Fit(len(values), float((p_value <= LEVEL).mean()))
