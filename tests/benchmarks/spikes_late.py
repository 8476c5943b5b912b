"""Late documents: weeks judged when 70, 90 and 97 % of their documents have arrived."""

import numpy as np

from detectors.country import CHINA
from detectors.spikes.calendar import calendar_regressors
from detectors.spikes.delay import COMPLETE
from detectors.spikes.detector import SpikeDetector
from tests.benchmarks.spikes_methods import Surprise
from tests.benchmarks.spikes_outbreaks import Array, Simulation

ARRIVED = (0.70, 0.90, 0.97, 1.0)
"""Share of a week's documents that is there at its end and one, two and three weeks later."""


def arrive(simulation: Simulation, seed: int) -> Array:
    """Return the counts as they were known 0, 1, 2 and 3 weeks after each week's end.

    Every document comes late by itself, with the probabilities of `ARRIVED`.
    """
    random = np.random.default_rng(seed)
    total = simulation.counts.astype(np.int64)
    known = np.zeros((len(ARRIVED), *total.shape))
    left, before, here = total, 0.0, np.zeros_like(total)
    for look, share in enumerate(ARRIVED):
        chance = (share - before) / (1.0 - before)
        new = random.binomial(left, chance) if chance < 1.0 else left
        here, left, before = here + new, left - new, share
        known[look] = here
    return known


def first_look(simulation: Simulation, seed: int, *, corrected: bool = True) -> Surprise:
    """Judge every week once, at its end, from what had arrived by then.

    Parameters
    ----------
    simulation : Simulation
        A growth panel.
    seed : int
        Of the lateness.
    corrected : bool
        False: take what has arrived for all there is.
    """
    if simulation.days is None:
        raise ValueError("late data is measured on the growth panel")
    known = arrive(simulation, seed)
    calendar = calendar_regressors(simulation.days, simulation.days + 7, CHINA.calendar)
    detector = SpikeDetector(known[-1][:, 0], calendar.shape[1])
    values = np.zeros(simulation.counts.shape)
    pending = sum(share < COMPLETE for share in ARRIVED)
    for week in range(simulation.counts.shape[1]):
        settled = week - pending
        if settled >= 0:
            detector.step(known[pending][:, settled], calendar[settled])
        if settled < 0 or not simulation.scored[:, week].any():
            continue
        ahead = detector.copy()
        for look in reversed(range(pending)):
            share = ARRIVED[look] if corrected else 1.0
            seen = ahead.step(known[look][:, week - look], calendar[week - look], share)
        values[:, week] = -np.log10(seen.p)
    return Surprise(values, float("nan"))
