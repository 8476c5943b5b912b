"""How far counts really stray from what the filter predicts, learnt by every series for itself.

The filter learns dispersion from successive differences, which are blind to errors of the level
that last for weeks: a large province then strays farther than predicted, a small one less. Mean
squared residuals tell it: of a series alone here, of peers together in `trend`. They are clipped as
in Huber's Proposal 2 (1964), so that outbreaks hardly widen what is held against the next one.
"""

from functools import cache

import numpy as np
import scipy
from numpy.typing import NDArray

from detectors.spikes.special import Array

Mask = NDArray[np.bool_]

CLIPPED_AT = 2.0
START = 1.05
"""A young series is predicted worse than its filter believes: its season has never been seen."""

LEAST_DISPERSION = 1.01
"""Counts do not vary less than Poisson's; a hundredth more keeps differences of logarithms exact."""

RATE = 0.0125
_EARLY = 40
INFORMATIVE_MEAN = 2.0

SHARE = 0.88
"""Part of the variance that is judged with: past outbreaks have part in what was learnt, and the
smallest of several windows' probabilities times their number is cautious. An assumption, chosen on
simulated counts so that false alarms come at the nominal rate, and reported on others."""

_PRIOR_PEERS = 5.0
_MARGIN = 0.35
"""What a few dozen peers stray more in an ordinary period by chance."""


@cache
def mean_clipped_square(limit: float) -> float:
    """Return the mean of squared standard normal residuals that are clipped at a limit."""
    density = float(np.exp(-(limit**2) / 2.0) / np.sqrt(2.0 * np.pi))
    return 1.0 - 2.0 * limit * density + 2.0 * (limit**2 - 1.0) * float(scipy.special.ndtr(-limit))


@cache
def variance_of_clipped_square(limit: float) -> float:
    """Return the variance of clipped squares, as a share of the square of their mean."""
    density = float(np.exp(-(limit**2) / 2.0) / np.sqrt(2.0 * np.pi))
    outside = 2.0 * float(scipy.special.ndtr(-limit))
    fourth = 3.0 * (1.0 - outside) - 2.0 * density * (limit**3 + 3.0 * limit) + limit**4 * outside
    return fourth / mean_clipped_square(limit) ** 2 - 1.0


class Spread:
    """Realised variance over predicted variance of many series, advanced in place.

    Parameters
    ----------
    series : int
    """

    def __init__(self, series: int) -> None:
        self.ratio = np.full(series, START)
        self._periods = np.zeros(series)

    def judged(self, dispersion: Array) -> Array:
        """Return the variance over mean to judge with, given the predicted one."""
        corrected: Array = np.maximum(
            LEAST_DISPERSION, dispersion * SHARE * np.maximum(1.0, self.ratio)
        )
        return corrected

    def learn(self, residual: Array, mean: Array) -> None:
        """Learn from one period's residuals; where next to nothing was expected they tell nothing."""
        informative = mean > INFORMATIVE_MEAN
        self._periods += informative
        squared = np.minimum(residual**2, CLIPPED_AT**2) / mean_clipped_square(CLIPPED_AT)
        rate = np.maximum(RATE, 1.0 / (self._periods + _EARLY)) * informative
        self.ratio += rate * (squared - self.ratio)


def peers_spread(residual: Array, informative: Mask) -> Array:
    """Return by how much more than usual the other series of one period stray together, at least 1.

    A holiday of unknown size or a pause of trade does not touch all provinces alike: what the common
    factor leaves of it widens all of them in that period.

    Parameters
    ----------
    residual : array, ... x series
        Of one period; the series of the last axis are peers.
    informative : array of bool
        Where enough was expected to tell anything.
    """
    squared = np.where(
        informative, np.minimum(residual**2, CLIPPED_AT**2) / mean_clipped_square(CLIPPED_AT), 0.0
    )
    total = squared.sum(-1, keepdims=True) - squared + _PRIOR_PEERS
    peers = informative.sum(-1, keepdims=True) - informative + _PRIOR_PEERS
    widened: Array = np.maximum(1.0, total / peers - _MARGIN)
    return widened
