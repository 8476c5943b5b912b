"""How far counts really stray from what the filter predicts, learnt by every series for itself.

The filter learns dispersion from successive differences, which are blind to errors of the level
that last for weeks: a large province then strays farther than predicted, a small one less. Mean
squared residuals tell it. They are clipped as in Huber's Proposal 2 (1964), so that outbreaks hardly
widen what is held against the next one.
"""

import numpy as np
from scipy import special

from detectors.spikes.special import Array

CLIPPED_AT = 2.0
START = 1.15
"""A young series is predicted worse than its filter believes: its season has never been seen."""

LEAST_DISPERSION = 1.01
"""Counts do not vary less than Poisson's; a hundredth more keeps differences of logarithms exact."""

RATE = 0.0125
_EARLY = 40
_INFORMATIVE_MEAN = 2.0

SHARE = 0.88
"""Part of the variance that is judged with: past outbreaks have part in what was learnt, and the
smallest of several windows' probabilities times their number is cautious. An assumption, chosen on
simulated panels so that false alarms come at the nominal rate, and reported on others."""

_OF_NORMAL = (
    1.0
    - 2.0 * CLIPPED_AT * np.exp(-(CLIPPED_AT**2) / 2.0) / np.sqrt(2.0 * np.pi)
    + 2.0 * (CLIPPED_AT**2 - 1.0) * float(special.ndtr(-CLIPPED_AT))
)
"""Mean of squared normal residuals, clipped."""


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
        informative = mean > _INFORMATIVE_MEAN
        self._periods += informative
        squared = np.minimum(residual**2, CLIPPED_AT**2) / _OF_NORMAL
        rate = np.maximum(RATE, 1.0 / (self._periods + _EARLY)) * informative
        self.ratio += rate * (squared - self.ratio)
