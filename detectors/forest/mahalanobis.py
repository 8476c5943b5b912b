"""Second opinion: robust Mahalanobis distance, which sees broken correlations at once."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.covariance import MinCovDet

from detectors.forest.packing import FloatArray

_FIT_ROWS = 5000  # the estimate does not improve noticeably beyond, its time does
_LEAST_VARIANCE = 0.25  # of a prepared column (its spread is 1) that the core holds constant


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


def fit_mahalanobis(rows: FloatArray, seed: int) -> RobustMahalanobis:
    """Fit by the minimum covariance determinant on at most 5,000 rows.

    Rousseeuw and Van Driessen (1999).


    Parameters
    ----------
    rows
        Prepared columns of reference vehicles, no NaN.
    seed
        Chooses the rows and the start subsets.
    """
    generator = np.random.default_rng((seed, 77))
    if len(rows) > _FIT_ROWS:
        rows = rows[np.sort(generator.choice(len(rows), _FIT_ROWS, replace=False))]
    with warnings.catch_warnings():
        # columns that are constant in the core make the raw determinant zero; the shrinkage below
        # repairs that
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        core = MinCovDet(random_state=seed, support_fraction=0.75).fit(rows)
    covariance = core.covariance_ + np.diag(
        np.maximum(0.0, _LEAST_VARIANCE - np.diag(core.covariance_))
    )
    precision = np.linalg.inv(covariance)
    return RobustMahalanobis(centre=core.location_, precision=(precision + precision.T) / 2)
