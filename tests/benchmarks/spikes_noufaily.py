"""The simulation of Noufaily and others (2013): the public yardstick of outbreak detection.

42 scenarios: seven parameter sets, with and without trend, with 0, 1 or 2 seasonal harmonics; 12
years of weeks; outbreaks in the baseline, one in the last 49 weeks.
"""

import itertools

import numpy as np

from tests.benchmarks.spikes_outbreaks import (
    Array,
    Outbreak,
    Simulation,
    inject,
    negative_binomial,
)

WEEKS = 624
BASELINE_START = 312
CURRENT_START = 575
_THETA = (0.1, -2.0, 1.5, 0.5, 2.5, 3.75, 5.0)
_BETA = (0.0025, 0.005, 0.003, 0.002, 0.001, 0.001, 0.0001)
_COSINE = (0.6, 0.1, 0.2, 0.5, 1.0, 0.1, 0.05)
_SINE = (0.6, 0.3, -0.4, 0.5, 0.1, -0.1, 0.01)
_DISPERSION = (1.5, 2.0, 1.0, 5.0, 3.0, 1.1, 1.2)
SCENARIOS = tuple(itertools.product(range(7), (False, True), (0, 1, 2)))


def simulate_noufaily(seed: int, repetitions: int) -> Simulation:
    """Simulate every scenario `repetitions` times."""
    random = np.random.default_rng(seed)
    scenario = np.repeat(np.arange(len(SCENARIOS)), repetitions)
    mean = np.stack([_scenario_mean(*SCENARIOS[index]) for index in scenario])
    dispersion = np.array([_DISPERSION[SCENARIOS[index][0]] for index in scenario])[:, None]
    dispersion = np.broadcast_to(dispersion, mean.shape)
    counts = negative_binomial(random, mean, dispersion)
    scored = np.zeros(mean.shape, dtype=bool)
    scored[:, CURRENT_START:] = True
    result = Simulation(counts, mean, dispersion, scored, scenario)
    for series in range(len(scenario)):
        _add_outbreaks(random, result, series)
    return result


def _scenario_mean(parameters: int, trend: bool, harmonics: int) -> Array:
    t = np.arange(1, WEEKS + 1)
    log_mean = np.full(WEEKS, _THETA[parameters])
    if trend:
        log_mean = log_mean + _BETA[parameters] * t
    for order in range(1, harmonics + 1):
        angle = 2.0 * np.pi * order * t / 52.0
        log_mean = log_mean + _COSINE[parameters] * np.cos(angle) + _SINE[parameters] * np.sin(angle)
    mean: Array = np.exp(log_mean)
    return mean


def _add_outbreaks(random: np.random.Generator, result: Simulation, series: int) -> None:
    spread = np.sqrt(result.mean[series] * result.dispersion[series])
    for _ in range(4):
        start = int(random.integers(BASELINE_START, CURRENT_START))
        inject(
            random,
            result.counts,
            series,
            start,
            float(random.choice([2, 3, 5, 10]) * spread[start]),
        )
    start = int(random.integers(CURRENT_START, WEEKS))
    size = float(random.integers(1, 11) * spread[start])
    end = inject(random, result.counts, series, start, size)
    result.outbreaks.append(Outbreak(series, start, end))
