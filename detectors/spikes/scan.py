"""Scan of the latest periods together: an outbreak spread over two weeks shows in their sum."""

import numpy as np

from detectors.spikes.filter import GATE
from detectors.spikes.special import Array, upper_tail

WEEK_WINDOWS = (1, 2)
DAY_WINDOWS = (1, 3, 7)


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

    def p_value(self, counts: Array, mean: Array, dispersion: Array) -> Array:
        """Return the smallest tail probability over all windows times their number, at most 1.

        Parameters
        ----------
        counts, mean, dispersion : array
            Of the present period; the earlier ones are those given to `push`.
        """
        smallest = np.ones_like(mean)
        variance = mean * dispersion
        for window in self.windows:
            past = self.history[:, : window - 1].sum(axis=1)
            total = mean + past[1]
            p = upper_tail(counts + past[0], total, (variance + past[2]) / total)
            smallest = np.minimum(smallest, p)
        return np.minimum(1.0, smallest * len(self.windows))

    def push(self, counts: Array, mean: Array, dispersion: Array) -> None:
        """Make the present period the latest past one.

        A period that is an outlier by itself is old news afterwards: its mean stands for its count, or
        one huge week would go on alarming for as long as a window reaches back to it.
        """
        if self.history.shape[1]:
            news = upper_tail(counts, mean, dispersion) >= GATE
            self.history[:, 1:] = self.history[:, :-1]
            self.history[:, 0] = np.where(news, counts, mean), mean, mean * dispersion
