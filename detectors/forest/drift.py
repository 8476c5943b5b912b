"""Has the population moved since the model was trained? Stability of features, share of the tail."""

from dataclasses import dataclass

from detectors.forest.judging import judge
from detectors.forest.packing import FloatArray
from detectors.forest.stability import bin_shares, population_stability_index
from detectors.forest.trained import TrainedForest

MOVED = 0.25
"""Stability index from which a feature counts as moved."""
UNUSUAL_BAND = (0.005, 0.02)
"""Share of fresh vehicles at p <= 0.01 that a fitting model gives."""
LEAST_VEHICLES = 500
"""Fewest fresh vehicles for a statement: below, the index is mostly noise."""

_LEVEL = 0.01


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a fresh population has moved from the one a forest was trained on.

    Attributes
    ----------
    vehicles
        Fresh vehicles looked at.
    stability
        Population stability index of every measured feature.
    unusual
        Share of the fresh vehicles at p <= 0.01.
    findings
        What calls for another model, each with its number and limit; empty when nothing does.
    """

    vehicles: int
    stability: dict[str, float]
    unusual: float
    findings: tuple[str, ...]


def measure_drift(forest: TrainedForest, values: FloatArray, provinces: list[str]) -> Drift:
    """Compare fresh vehicles, admitted by the same rules, with a forest's population.

    Parameters
    ----------
    forest
        The trained forest.
    values
        Measured features of fresh vehicles, shape ``(vehicles, features)``.
    provinces
        Their provinces.
    """
    names = forest.preparation.features.measured
    stability = {
        name: population_stability_index(
            forest.bin_shares[column], bin_shares(forest.bin_edges[column], values[:, column])
        )
        for column, name in enumerate(names)
    }
    p_value = judge(forest, values, provinces).p_value
    unusual = float((p_value <= _LEVEL).mean()) if len(values) else 0.0
    return Drift(len(values), stability, unusual, _findings(len(values), stability, unusual))


def _findings(vehicles: int, stability: dict[str, float], unusual: float) -> tuple[str, ...]:
    if vehicles < LEAST_VEHICLES:
        return (f"{vehicles} fresh vehicles are too few to tell; {LEAST_VEHICLES} are needed",)
    found = [
        f"{name} has moved: stability index {index:.2f}, limit {MOVED}"
        for name, index in stability.items()
        if index > MOVED
    ]
    low, high = UNUSUAL_BAND
    if not low <= unusual <= high:
        found.append(
            f"{unusual:.2%} of fresh vehicles are at p <= {_LEVEL}; {low:.1%} to {high:.1%} expected"
        )
    return tuple(found)
