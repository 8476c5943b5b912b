"""What a method says of every series and period: one shape for all methods."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.spikes.special import Array

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scores:
    """Judgement of counts, series x periods; periods a method does not judge hold NaN and no alarm.

    Attributes
    ----------
    expected : array
        Expected count.
    upper : array
        Largest count that raises no alarm.
    p : array
        Probability of a count at least as large as the observed one.
    alarm : array of bool
        Whether the count is an alarm.
    moved : array
        +1 or -1 where the level has moved up or down for good, as far as a method can tell; else 0.
    """

    expected: Array
    upper: Array
    p: Array
    alarm: Mask
    moved: Array

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> "Scores":
        """Return scores that judge nothing yet."""
        blank = np.full(shape, np.nan)
        return cls(blank, blank.copy(), blank.copy(), np.zeros(shape, dtype=bool), np.zeros(shape))

    def judged(self) -> Mask:
        """Return where the method gave a judgement."""
        return np.isfinite(self.expected)
