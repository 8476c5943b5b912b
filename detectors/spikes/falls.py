"""The level from which a series fell: to come back to it is no spike.

The filter opens a level that has fallen and follows it within periods. When the feast, the flood or
the outage is over, counts as usual would then stand far above what is expected. For a while after
a fall the level before it therefore remains what is usual.
"""

import numpy as np
import scipy  # whose `special` loads with its first use: not everybody counts exports

from detectors.spikes.special import Array

REMEMBERED = 14
"""Periods after the last sign of a fall in which the level before it is usual: two weeks of days, a
quarter of weeks. An assumption: who comes back later is news."""

LEAST_HEIGHT = 0.25
"""What is taken for a fall: by a fifth and more. A series that wanders within its usual bounds has not
fallen, and to expect its highest level again would hide spikes. An assumption."""

_RARE = 0.001
_STEADY = -0.5
_FOLLOWED = 0.1


class Falls:
    """Levels before the latest fall of many series, advanced in place.

    Parameters
    ----------
    levels : array
        Logarithmic levels at the start.
    """

    def __init__(self, levels: Array) -> None:
        self.before = levels.copy()
        self.left = np.zeros(len(levels))

    def height(self, levels: Array) -> Array:
        """Return by how much what is usual lies above the present log-levels."""
        height = self.before - levels
        return np.where((self.left > 0) & (height > LEAST_HEIGHT), height, 0.0)

    def learn(self, levels: Array, residual: Array, average: Array, moved: Array) -> None:
        """Learn from one period.

        Parameters
        ----------
        levels : array
            Log-levels after the period.
        residual, average : array
            Residual of the period, and the smoothed one: while it is low, a fall may be on its way.
        moved : array
            -1 where the level has demonstrably moved down.
        """
        fell = (residual < scipy.special.ndtri(_RARE)) | (moved < 0)
        self.left = np.where(fell, REMEMBERED, np.maximum(self.left - 1.0, 0.0))
        follow = np.where(average > _STEADY, 1.0, _FOLLOWED)
        self.before += np.where(self.left > 0, 0.0, follow) * (levels - self.before)
        self.left = np.where(levels >= self.before, 0.0, self.left)

    def shift(self, by: Array) -> None:
        """Move the remembered log-levels, as the filter's are moved."""
        self.before += by
