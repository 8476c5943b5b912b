"""Scan of the latest periods together: an outbreak spread over two weeks shows in their sum."""

import numpy as np
from numpy.typing import NDArray

from detectors.spikes.special import Array, upper_tail

Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]

WEEK_WINDOWS = (1, 2)
DAY_WINDOWS = (1, 3, 7)

_NO_NEWS = 0.6


class Scan:
    """Sums over the latest periods for many series.

    Parameters
    ----------
    series : int
    windows : tuple of int
        Numbers of periods that are summed, ascending.
    """

    def __init__(self, series: int, windows: tuple[int, ...]) -> None:
        self.windows = windows
        self.history = np.zeros((3, max(windows) - 1, series))

    def p_value(self, counts: Array, mean: Array, dispersion: Array) -> tuple[Array, Array]:
        """Return the p-value over all windows and that of the present period alone.

        Parameters
        ----------
        counts, mean, dispersion : array
            Of the present period; the earlier ones are those given to `push`.
        """
        return combined_tail(self.windows, self.history, counts, mean, dispersion)

    def push(self, counts: Array, mean: Array, dispersion: Array, news: Mask) -> None:
        """Make the present period the latest past one.

        Where it is `news` by itself, it is old news afterwards: its mean stands for its count, or
        one huge week would go on alarming for as long as a window reaches back to it.
        """
        if self.history.shape[1]:
            self.history[:, 1:] = self.history[:, :-1]
            self.history[:, 0] = np.where(news, mean, counts), mean, mean * dispersion


def combined_tail(
    windows: tuple[int, ...], history: Array, counts: Array, mean: Array, dispersion: Array
) -> tuple[Array, Array]:
    """Return the p-value over all windows and that of the present period alone.

    Parameters
    ----------
    windows : tuple of int
        Numbers of periods that are summed, ascending.
    history : array, 3 x periods x the shape of the others
        Counts, means and variances of the periods before, the latest first.
    counts, mean, dispersion : array
        Of the present period.

    Returns
    -------
    combined, alone : array
        The smallest tail probability of all windows times their number, at most 1; and the tail
        probability of the shortest window.
    """
    alone = smallest = np.ones_like(mean)
    variance = mean * dispersion
    for window in windows:
        past = history[:, : window - 1].sum(axis=1)
        total = mean + past[1]
        tail = upper_tail(counts + past[0], total, (variance + past[2]) / total)
        alone = tail if window == windows[0] else alone
        smallest = np.minimum(smallest, tail)
    return np.minimum(1.0, smallest * len(windows)), alone


def of_the_excess(
    counts: Array, expected: Array, combined: Array, alone: Array, windows: tuple[int, ...]
) -> Array:
    """Return the p-value of counts above what was expected of them.

    Where a count does not exceed its expectation, a sum over several periods is large because of the
    earlier ones, which have been judged: such a period is no news, however large the sum.

    Parameters
    ----------
    counts, expected : array
        Of the present period.
    combined, alone : array
        As `combined_tail` returns them.
    windows : tuple of int
        Of the scan.

    Returns
    -------
    array
        Falls as the counts grow, and lies above one half up to the expectation, rounded up.
    """
    usual = np.maximum(_NO_NEWS, np.minimum(1.0, alone * len(windows)))
    return np.where(counts > np.ceil(expected), combined, usual)
