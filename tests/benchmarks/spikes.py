"""Measuring detectors on simulations: false alarms, detections, delay and cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tests.benchmarks.spikes_methods import Surprise, surprise_of
from tests.benchmarks.spikes_outbreaks import Array, Simulation

Mask = NDArray[np.bool_]

NOMINAL = 0.005
LARGE = 500.0
"""Expected counts of a large province's week."""

_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Share:
    """A share and its interval of 95 %."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.value:.2f} ({100 * self.low:.2f}-{100 * self.high:.2f})"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One method on one set of simulations.

    Attributes
    ----------
    method : str
    false_alarms : Share
        Quiet periods with p below 0.005.
    worst, large, young : float
        The same of the worst scenario or province, of periods with more than 500 expected, and of
        periods soon after a series' start; NaN where there are none.
    detected : Share
        Outbreaks with p below 0.005 at some time.
    detected_at_1, detected_at_half : float
        The same at the threshold that gives 1 % (0.5 %) false alarms.
    hits : array of bool
        Which outbreaks are detected at 1 % false alarms.
    delay : float
        Mean periods from the start to the first alarm at that threshold.
    microseconds : float
        Cost of an update.
    outbreaks, quiet : int
        How many outbreaks and quiet periods were judged.
    """

    method: str
    false_alarms: Share
    worst: float
    large: float
    young: float
    detected: Share
    detected_at_1: float
    detected_at_half: float
    hits: Mask
    delay: float
    microseconds: float
    outbreaks: int
    quiet: int


def measure(method: str, simulations: Iterable[Simulation]) -> Measurement:
    """Run a method on every simulation and pool the results."""
    pairs = [(simulation, surprise_of(method, simulation)) for simulation in simulations]
    return summarise(method, pairs)


def summarise(method: str, pairs: list[tuple[Simulation, Surprise]]) -> Measurement:
    """Pool the surprise of several simulations."""
    quiet = np.concatenate([surprise.values[sim.null()] for sim, surprise in pairs])
    groups = np.concatenate([_groups(sim)[sim.null()] for sim, _ in pairs])
    peaks = np.concatenate([_peaks(sim, surprise.values) for sim, surprise in pairs])
    nominal = -np.log10(NOMINAL)
    alarmed = quiet > nominal
    by_simulation = [surprise.values[sim.null()] > nominal for sim, surprise in pairs]
    found = [_peaks(sim, surprise.values) > nominal for sim, surprise in pairs]
    large = np.concatenate([(sim.mean > LARGE)[sim.null()] for sim, _ in pairs])
    young = np.concatenate([_young(sim)[sim.null()] for sim, _ in pairs])
    rates = np.bincount(groups, weights=alarmed) / np.maximum(np.bincount(groups), 1)
    at_1, at_half = np.quantile(quiet, 0.99), np.quantile(quiet, 0.995)
    return Measurement(
        method=method,
        false_alarms=share(by_simulation),
        worst=float(rates.max()),
        large=_part(alarmed, large),
        young=_part(alarmed, young),
        detected=share(found),
        detected_at_1=float((peaks > at_1).mean()),
        detected_at_half=float((peaks > at_half).mean()),
        hits=peaks > at_1,
        delay=_delay(pairs, float(at_1)),
        microseconds=float(np.mean([surprise.microseconds for _, surprise in pairs])),
        outbreaks=len(peaks),
        quiet=len(quiet),
    )


def paired_z(one: Measurement, other: Measurement) -> float:
    """Return McNemar's statistic of the outbreaks only one of two methods detects at 1 %."""
    gained = int((one.hits & ~other.hits).sum())
    lost = int((other.hits & ~one.hits).sum())
    return (gained - lost) / float(np.sqrt(max(1, gained + lost)))


def share(hits: Sequence[Mask]) -> Share:
    """Return the share of hits in several simulations together.

    Its interval follows from how the simulations differ, which are drawn anew one by one; of fewer than
    three, Wilson's is given, as if all hits were independent.
    """
    together = np.concatenate(hits)
    value = float(together.mean())
    if len(hits) < _ENOUGH:
        interval = stats.binomtest(int(together.sum()), len(together)).proportion_ci(method="wilson")
        return Share(value, float(interval.low), float(interval.high))
    shares = np.array([one.mean() for one in hits])
    reach = float(stats.t.isf(0.025, len(shares) - 1) * stats.sem(shares))
    return Share(value, max(0.0, value - reach), min(1.0, value + reach))


def _part(alarmed: Mask, part: Mask) -> float:
    return float(alarmed[part].mean()) if part.any() else float("nan")


def _young(simulation: Simulation) -> Mask:
    return np.zeros_like(simulation.scored) if simulation.young is None else simulation.young


def _groups(simulation: Simulation) -> NDArray[np.int64]:
    return np.broadcast_to(simulation.scenario[:, None], simulation.counts.shape)


def _peaks(simulation: Simulation, values: Array) -> Array:
    return np.array([values[o.series, o.start : o.end + 1].max() for o in simulation.outbreaks])


def _delay(pairs: list[tuple[Simulation, Surprise]], threshold: float) -> float:
    delays = []
    for simulation, surprise in pairs:
        for o in simulation.outbreaks:
            above = np.flatnonzero(surprise.values[o.series, o.start : o.end + 1] > threshold)
            delays += above[:1].tolist()
    return float(np.mean(delays)) if delays else float("nan")
