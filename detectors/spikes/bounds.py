"""How large a count may be before it alarms, found by search and only where somebody asks.

The search takes some twenty times the work of judging a period. So a judgement keeps what the
search would need, and series and periods that are asked for together are searched together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from detectors.spikes.scan import Rows, combined_tail, of_the_excess
from detectors.spikes.special import Array


@dataclass(frozen=True, slots=True)
class Bound:
    """What decides which counts would alarm; the last axis is one series in one period.

    Attributes
    ----------
    windows : tuple of int
        Of the scan.
    weights, mean, dispersion : array, speeds x last axis
        Weight of every speed, and the distribution that it expects.
    past : array, 3 x periods x speeds x last axis
        History of the scan.
    """

    windows: tuple[int, ...]
    weights: Array
    mean: Array
    dispersion: Array
    past: Array

    def take(self, series: Rows | list[int]) -> "Bound":
        """Return the bound of some of the series."""
        return Bound(
            self.windows,
            self.weights[:, series],
            self.mean[:, series],
            self.dispersion[:, series],
            self.past[..., series],
        )

    def largest_counts(self, level: float) -> Array:
        """Return the largest counts whose probability exceeds `level`; the expected ones at least."""
        expected = self._mixed(self.mean)

        def probability(observed: Array) -> Array:
            counts = np.broadcast_to(observed, self.mean.shape)
            tails = combined_tail(self.windows, self.past, counts, self.mean, self.dispersion)
            combined, alone = (self._mixed(tail) for tail in tails)
            return of_the_excess(observed, expected, combined, alone, self.windows)

        guess = self._mixed(self.mean + normal_excess(self.mean * self.dispersion, level))
        return largest_count(probability, guess, level)

    def _mixed(self, values: Array) -> Array:
        result: Array = (self.weights * values).sum(axis=0)
        return result


def joined(bounds: Sequence[Bound]) -> Bound:
    """Return several bounds as one, to be searched together; there must be one at least."""

    def along(arrays: list[Array]) -> Array:
        return np.concatenate(arrays, axis=-1)

    return Bound(
        bounds[0].windows,
        along([bound.weights for bound in bounds]),
        along([bound.mean for bound in bounds]),
        along([bound.dispersion for bound in bounds]),
        along([bound.past for bound in bounds]),
    )


def largest_count(probability: Callable[[Array], Array], guess: Array, level: float) -> Array:
    """Return the largest whole counts whose probability exceeds `level`; -1 where even 0 does not.

    Parameters
    ----------
    probability : callable
        Falls as the counts grow, each series for itself.
    guess : array
        Where to look first; the nearer, the fewer calls.
    level : float
    """
    low = np.floor(np.maximum(guess, 0.0))
    step = np.ones_like(low)
    above = probability(low) > level
    high = np.where(above, low + step, low)
    low = np.where(above, low, low - step)
    while (wrong := (probability(np.maximum(high, 0.0)) > level) & (high >= 0)).any():
        step = np.where(wrong, 2.0 * step, step)
        low, high = np.where(wrong, high, low), np.where(wrong, high + step, high)
    step = np.ones_like(low)
    while (wrong := (low >= 0) & (probability(np.maximum(low, 0.0)) <= level)).any():
        step = np.where(wrong, 2.0 * step, step)
        low, high = np.where(wrong, np.maximum(low - step, -1.0), low), np.where(wrong, low, high)
    while (high - low > 1.0).any():
        middle = np.maximum(np.floor((low + high) / 2.0), 0.0)
        over = probability(middle) > level
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return low


def normal_excess(variance: Array, level: float) -> Array:
    """Return by how much a normal count exceeds its mean with probability `level`."""
    result: Array = -scipy.special.ndtri(level) * np.sqrt(variance)
    return result
