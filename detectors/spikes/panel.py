"""SS-NB over a whole panel of counts at once: the batch form of the detector."""

import numpy as np

from detectors.spikes.detector import SpikeDetector
from detectors.spikes.scan import WEEK_WINDOWS
from detectors.spikes.scores import Scores
from detectors.spikes.special import Array

WARM_UP = 7
"""Periods that are learnt from before the first one is judged."""

MINIMUM_COUNT = 5
"""Documents needed within the latest four periods: a spike of two cars is no news."""

RECENT = 4


def ss_nb(
    counts: Array,
    regressors: Array,
    *,
    alpha: float = 0.005,
    windows: tuple[int, ...] = WEEK_WINDOWS,
    peers: bool | None = None,
    warm_up: int = WARM_UP,
    minimum_count: int = MINIMUM_COUNT,
    every_upper: bool = True,
) -> Scores:
    """Judge a panel of counts.

    Parameters
    ----------
    counts : array, series x periods
    regressors : array, periods x regressors
        Calendar of every period.
    alpha : float
        Probability of a false alarm a series and period.
    windows : tuple of int
        Windows of the scan, in periods.
    peers : bool, optional
        Whether the series are parts of one nation; default when there are at least eight.
    warm_up, minimum_count : int
        See the constants of this module.
    every_upper : bool
        Whether to compute the largest count without alarm everywhere, or where there is one only: it
        costs more than all the rest.

    Raises
    ------
    ValueError
        When there are not more periods than the warm-up.
    """
    periods = counts.shape[1]
    if periods <= warm_up:
        raise ValueError(
            f"not enough history: ss-nb needs {warm_up + 1} periods, the counts have {periods}"
        )
    detector = SpikeDetector(counts[:, 0], regressors.shape[1], windows=windows, peers=peers)
    result = Scores.empty((counts.shape[0], periods))
    for period in range(periods):
        seen = detector.step(counts[:, period], regressors[period])
        if period >= warm_up:
            enough = recent_sum(counts, period) >= minimum_count
            asked = np.arange(len(counts)) if every_upper else np.flatnonzero(seen.p < alpha)
            result.upper[asked, period] = seen.bound.take(asked).largest_counts(alpha)
            result.expected[:, period] = seen.expected
            result.p[:, period], result.moved[:, period] = seen.p, seen.moved
            result.alarm[:, period] = (seen.p < alpha) & enough
    return result


def recent_sum(counts: Array, period: int) -> Array:
    """Return the counts of the latest four periods together."""
    result: Array = counts[:, max(0, period - RECENT + 1) : period + 1].sum(axis=1)
    return result
