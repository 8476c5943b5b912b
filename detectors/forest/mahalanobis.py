"""Second opinion: robust Mahalanobis distance, which sees broken correlations at once."""

from dataclasses import dataclass

import numpy as np

from detectors.forest.packing import FloatArray


@dataclass(frozen=True, slots=True)
class RobustMahalanobis:
    """Centre and inverse covariance of the reference population's core.

    Attributes
    ----------
    centre
        Shape ``(columns,)``.
    precision
        Inverse covariance, ``(columns, columns)``.
    """

    centre: FloatArray
    precision: FloatArray

    def contributions(self, rows: FloatArray) -> FloatArray:
        """Share of each column in the squared distance, ``(S^-1 d)_f d_f``; sums to the score."""
        difference = rows - self.centre
        # column by column: a matrix product may round differently with the number of rows
        result = np.zeros_like(difference)
        for column, weights in enumerate(self.precision):
            result += difference[:, column, None] * weights
        return result * difference

    def scores(self, rows: FloatArray) -> FloatArray:
        """Squared distance of each row from the centre; higher is more abnormal."""
        return add_columns(self.contributions(rows))


def add_columns(table: FloatArray) -> FloatArray:
    """Sum each row from left to right, so that the result never depends on the number of rows."""
    total = np.zeros(len(table))
    for column in table.T:
        total += column
    return total
