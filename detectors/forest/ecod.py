"""Second opinion: frozen ECOD, how far out each feature lies in its own tail.

ECOD (Li et al. 2022) sums the negative logarithms of empirical tail probabilities over features.
The usual implementation ranks each batch together with the training rows, so that a row's score
depends on its company; here the training quantiles are frozen.
"""

from dataclasses import dataclass

import numpy as np

from detectors.forest.mahalanobis import add_columns
from detectors.forest.packing import FloatArray


@dataclass(frozen=True, slots=True)
class FrozenEcod:
    """Quantiles of every column of the reference population.

    Attributes
    ----------
    quantiles
        Shape ``(columns, grid)``, ascending along the grid.
    skewness
        Shape ``(columns,)``; its sign chooses the tail that counts for a column.
    """

    quantiles: FloatArray
    skewness: FloatArray

    def scores(self, rows: FloatArray) -> FloatArray:
        """Score rows; higher is more abnormal.

        The greatest of the summed left tails, right tails, and tails chosen by skewness.
        """
        left, right = self._tails(rows)
        chosen = np.where(self.skewness < 0, left, right)
        result: FloatArray = np.max(
            [add_columns(left), add_columns(right), add_columns(chosen)], axis=0
        )
        return result

    def _tails(self, rows: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Negative logarithms of the left and right tail probability of every value."""
        size = self.quantiles.shape[1]
        at_most, less = np.empty(rows.shape), np.empty(rows.shape)
        for column, grid in enumerate(self.quantiles):
            at_most[:, column] = np.searchsorted(grid, rows[:, column], side="right")
            less[:, column] = np.searchsorted(grid, rows[:, column], side="left")
        return -np.log((at_most + 1) / (size + 1)), -np.log((size - less + 1) / (size + 1))
