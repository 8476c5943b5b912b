"""Mean plus three standard deviations of the periods before: the floor every method must beat."""

import numpy as np
from scipy import stats

from detectors.spikes.scores import Scores
from detectors.spikes.special import Array


def trailing_mean(
    counts: Array, *, baseline: int = 26, alpha: float | None = None, minimum_sd: float = 0.5
) -> Scores:
    """Judge counts against the mean and standard deviation of the `baseline` periods before each.

    Parameters
    ----------
    counts : array, series x periods
    baseline : int
        Periods of the moving average.
    alpha : float, optional
        Tail of the normal distribution that alarms; default that of three standard deviations.
    minimum_sd : float
        Smallest standard deviation used.

    Raises
    ------
    ValueError
        When there are not more periods than the baseline needs.
    """
    if counts.shape[1] <= baseline:
        raise ValueError(
            f"not enough history: trailing-mean needs {baseline + 1} periods, the counts have "
            f"{counts.shape[1]}"
        )
    deviations = 3.0 if alpha is None else float(stats.norm.isf(alpha))
    windows = np.lib.stride_tricks.sliding_window_view(counts, baseline, axis=1)[:, :-1]
    mean, sd = windows.mean(axis=2), np.maximum(windows.std(axis=2, ddof=1), minimum_sd)
    now = counts[:, baseline:]
    result = Scores.empty((counts.shape[0], counts.shape[1]))
    result.expected[:, baseline:] = mean
    result.upper[:, baseline:] = mean + deviations * sd
    result.p[:, baseline:] = stats.norm.sf((now - mean) / sd)
    result.alarm[:, baseline:] = now > mean + deviations * sd
    return result
