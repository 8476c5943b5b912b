"""Outbreaks to inject into simulated counts, and the record of where they are."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_SMALLEST_OUTBREAK = 2


@dataclass(frozen=True, slots=True)
class Outbreak:
    """One injected outbreak: cases of one series within [start, end], both period indices."""

    series: int
    start: int
    end: int


@dataclass(slots=True)
class Simulation:
    """Simulated counts with their truth.

    Attributes
    ----------
    counts, mean, dispersion : array, series x periods
        What is observed, its expectation without outbreaks and its variance over mean.
    scored : array of bool, series x periods
        Periods in which a detector is judged.
    young : array of bool, optional
        Periods soon after their series' start.
    settled : array, optional
        What would be expected if no series wandered against the others.
    wandering : float
        Standard deviation of a period's step of a series against the others, on the logarithmic scale.
    outbreaks : list of Outbreak
        Those within the scored periods.
    scenario : array of int
        Scenario (or province) of every series.
    days : array of int, optional
        First civil day of every period.
    """

    counts: Array
    mean: Array
    dispersion: Array
    scored: NDArray[np.bool_]
    scenario: NDArray[np.int64]
    days: NDArray[np.int64] | None = None
    young: NDArray[np.bool_] | None = None
    settled: Array | None = None
    wandering: float = 0.0
    outbreaks: list[Outbreak] = field(default_factory=list)

    def null(self) -> NDArray[np.bool_]:
        """Return the scored periods without any outbreak."""
        quiet = self.scored.copy()
        for outbreak in self.outbreaks:
            quiet[outbreak.series, outbreak.start : outbreak.end + 1] = False
        return quiet


def inject(
    random: np.random.Generator,
    counts: Array,
    series: int,
    start: int,
    size: float,
) -> int:
    """Add one outbreak to the counts in place and return the index of its last period.

    Its size is Poisson of `size`, drawn again until at least 2; its cases come a log-normal(0, 0.5)
    number of whole periods after the start (Noufaily and others 2013).
    """
    cases = 0
    while cases < _SMALLEST_OUTBREAK:
        cases = int(random.poisson(size))
    delay = np.floor(random.lognormal(0.0, 0.5, cases)).astype(int)
    when = start + delay
    when = when[when < counts.shape[1]]
    np.add.at(counts[series], when, 1.0)
    return int(when.max()) if len(when) else start


def negative_binomial(random: np.random.Generator, mean: Array, dispersion: Array) -> Array:
    """Draw counts with the given mean and variance over mean (Poisson where that is 1)."""
    excess = np.maximum(dispersion - 1.0, 1e-9)
    rate = np.where(
        dispersion > 1.0 + 1e-9, random.gamma(np.maximum(mean / excess, 1e-12)) * excess, mean
    )
    return random.poisson(rate).astype(float)
