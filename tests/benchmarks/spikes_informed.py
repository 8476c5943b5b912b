"""What the best of filters could find: one that knows all but how a province's share wanders.

It is told the nation's path, every feast and season, every week's variance over mean, and how far a
share moves in a week. What it has to learn, as every method must, is where the share stands. The
oracle knows that too, so it finds more than anybody can.
"""

import numpy as np

from detectors.spikes.filter import GATE
from detectors.spikes.scan import WEEK_WINDOWS, Scan
from tests.benchmarks.spikes_outbreaks import Array, Simulation

_OUTLIER = 3.0
_DOUBTED = 0.1


def informed(simulation: Simulation) -> tuple[Array, int]:
    """Return tail probabilities of a local level that is filtered in logarithms, and 0 updates."""
    counts, settled = simulation.counts, simulation.settled
    assert settled is not None, "of this simulation nothing is known but its mean"
    level = variance = np.zeros(len(counts))
    scan = Scan(len(counts), WEEK_WINDOWS)
    p = np.ones(counts.shape)
    weeks = zip(counts.T, settled.T, simulation.dispersion.T, strict=True)
    for week, (seen, known, dispersion) in enumerate(weeks):
        variance = variance + simulation.wandering**2
        mean = known * np.exp(level)
        spread = dispersion + mean * variance
        p[:, week], alone = scan.p_value(seen, mean, spread)
        scan.push(seen, mean, spread, alone < GATE)
        residual = (seen - mean) / mean
        doubted = residual > _OUTLIER * np.sqrt(spread / mean)
        gain = variance * mean / spread * np.where(doubted, _DOUBTED, 1.0)
        level = level + gain * residual
        variance = variance * (1.0 - gain)
    return p, 0
