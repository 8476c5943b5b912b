"""The methods of the benchmark: each turns a simulation into surprise, minus log10 of p."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from detectors.country import CHINA
from detectors.spikes.calendar import calendar_regressors, seasonal_regressors
from detectors.spikes.filter import GATE
from detectors.spikes.panel import MINIMUM_COUNT, recent_sum, ss_nb
from detectors.spikes.scan import WEEK_WINDOWS, Scan
from detectors.spikes.scores import Scores
from detectors.spikes.special import upper_tail
from streams.spikes.ears import EarsVariant, ears
from streams.spikes.farrington import FarringtonSettings, farrington
from streams.spikes.trailing import trailing_mean
from tests.benchmarks.spikes_informed import informed
from tests.benchmarks.spikes_noufaily import BASELINE_START
from tests.benchmarks.spikes_outbreaks import Array, Simulation


@dataclass(frozen=True, slots=True)
class Surprise:
    """Minus log10 p of every series and period, and what it cost.

    Attributes
    ----------
    values : array, series x periods
        0 where a method does not judge or too few documents are there.
    microseconds : float
        Time an update (one series, one period judged); NaN for the oracles.
    """

    values: Array
    microseconds: float


def surprise_of(name: str, simulation: Simulation) -> Surprise:
    """Run one of `METHODS` on a simulation."""
    before = time.perf_counter()
    p, updates = METHODS[name](simulation)
    spent = time.perf_counter() - before
    counts = simulation.counts
    enough = np.stack([recent_sum(counts, t) for t in range(counts.shape[1])], axis=1)
    judged = np.isfinite(p) & (enough >= MINIMUM_COUNT)
    values = np.where(judged, -np.log10(np.where(judged, np.maximum(p, 1e-300), 1.0)), 0.0)
    return Surprise(values, 1e6 * spent / updates if updates else float("nan"))


def _oracle(simulation: Simulation) -> tuple[Array, int]:
    p = upper_tail(simulation.counts, simulation.mean, simulation.dispersion)
    return p, 0


def _oracle_scan(simulation: Simulation) -> tuple[Array, int]:
    scan = Scan(len(simulation.counts), WEEK_WINDOWS)
    p = np.ones(simulation.counts.shape)
    rows = zip(simulation.counts.T, simulation.mean.T, simulation.dispersion.T, strict=True)
    for period, row in enumerate(rows):
        p[:, period], alone = scan.p_value(*row)
        scan.push(*row, alone < GATE)
    return p, 0


def _informed(simulation: Simulation) -> tuple[Array, int]:
    """Of flat series nothing is to be learnt: the oracle."""
    return _oracle_scan(simulation) if simulation.days is None else informed(simulation)


def _ss_nb(simulation: Simulation) -> tuple[Array, int]:
    growth = simulation.days is not None
    first = 0 if growth else BASELINE_START
    if simulation.days is None:
        weeks = np.arange(simulation.counts.shape[1]) * 7 * 365.2425 / 364
        regressors = seasonal_regressors(weeks, weeks)
    else:
        regressors = calendar_regressors(simulation.days, simulation.days + 7, CHINA.calendar)
    counts = simulation.counts[:, first:]
    scores = ss_nb(counts, regressors[first:], peers=growth, every_upper=False)
    return _from(first, simulation, scores), counts.size


def _farrington(simulation: Simulation) -> tuple[Array, int]:
    first = int(np.flatnonzero(simulation.scored.any(axis=0))[0])
    settings = FarringtonSettings(years=5 if simulation.days is None else 3)
    scores = farrington(simulation.counts, settings, first=first)
    return scores.p, int(scores.judged().sum())


def _moving(judge: Callable[[Array], Scores]) -> Callable[[Simulation], tuple[Array, int]]:
    def run(simulation: Simulation) -> tuple[Array, int]:
        first = BASELINE_START if simulation.days is None else 0
        counts = simulation.counts[:, first:]
        return _from(first, simulation, judge(counts)), counts.size

    return run


def _ears(variant: EarsVariant) -> Callable[[Simulation], tuple[Array, int]]:
    return _moving(lambda counts: ears(counts, variant))


def _from(first: int, simulation: Simulation, scores: Scores) -> Array:
    p = np.full(simulation.counts.shape, np.nan)
    p[:, first:] = scores.p
    return p


METHODS: dict[str, Callable[[Simulation], tuple[Array, int]]] = {
    "oracle": _oracle,
    "oracle, scan": _oracle_scan,
    "informed": _informed,
    "ss-nb": _ss_nb,
    "farrington": _farrington,
    "ears-c1": _ears("c1"),
    "ears-c2": _ears("c2"),
    "ears-c3": _ears("c3"),
    "trailing-mean": _moving(trailing_mean),
}
