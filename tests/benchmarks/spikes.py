"""Measuring detectors on simulations: false alarms, detections, delay and cost."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.spikes_methods import Surprise, surprise_of
from tests.benchmarks.spikes_outbreaks import Array, Simulation

Mask = NDArray[np.bool_]

NOMINAL = 0.005


@dataclass(frozen=True, slots=True)
class Measurement:
    """One method on one set of simulations.

    Attributes
    ----------
    method : str
    false_alarm_rate, worst : float
        Share of quiet periods with p below 0.005, and that of the worst scenario or province.
    detected : float
        Share of the outbreaks with p below 0.005 at some time.
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
    false_alarm_rate: float
    worst: float
    detected: float
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
    rates = np.bincount(groups, weights=alarmed) / np.maximum(np.bincount(groups), 1)
    at_1, at_half = np.quantile(quiet, 0.99), np.quantile(quiet, 0.995)
    return Measurement(
        method=method,
        false_alarm_rate=float(alarmed.mean()),
        worst=float(rates.max()),
        detected=float((peaks > nominal).mean()),
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
