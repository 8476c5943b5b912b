"""Quasi-Poisson regression with a log link, for many series that share a design."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.spikes.special import Array

_TOLERANCE = 1e-8
_ITERATIONS = 25
_FLOOR = 1e-10


@dataclass(frozen=True, slots=True)
class QuasiPoissonFit:
    """Fitted models, one a series.

    Attributes
    ----------
    coefficients : array, series x columns
    mean : array, series x rows
        Fitted means.
    leverage : array, series x rows
        Diagonal of the hat matrix.
    dispersion : array
        Variance over mean, at least 1.
    last_variance : array
        Variance of the last coefficient, with the dispersion R's reference implementation uses for
        its trend test (squared working residuals weighted by the prior weights alone).
    degrees_of_freedom : int
    """

    coefficients: Array
    mean: Array
    leverage: Array
    dispersion: Array
    last_variance: Array
    degrees_of_freedom: int


def fit_quasi_poisson(y: Array, design: Array, weights: Array) -> QuasiPoissonFit:
    """Fit by iteratively reweighted least squares.

    Parameters
    ----------
    y : array, series x rows
        Counts.
    design : array, rows x columns
        Common to all series.
    weights : array, series x rows
        Prior weights.

    Notes
    -----
    Dispersion and leverage use the working weights of the last step, that is the means before it,
    as regression software of this kind does; without that, results agree only to five digits.
    """
    coefficients, mean, before, inverse = _iterate(y, design, weights)
    degrees = y.shape[1] - design.shape[1]
    working = weights * before
    relative = (y - mean) / mean
    dispersion = np.maximum(1.0, (working * relative**2).sum(axis=1) / degrees)
    leverage = working * np.einsum("rp,npq,rq->nr", design, inverse, design, optimize=True)
    naive = (weights * relative**2).sum(axis=1) / degrees
    return QuasiPoissonFit(
        coefficients, mean, leverage, dispersion, naive * inverse[:, -1, -1], degrees
    )


def _iterate(y: Array, design: Array, weights: Array) -> tuple[Array, Array, Array, Array]:
    """Return coefficients, means, means before the last step and the inverse information."""
    columns = design.shape[1]
    products = (design[:, :, None] * design[:, None, :]).reshape(len(design), columns**2)
    mean = y + 0.1
    before = mean.copy()
    coefficients = np.zeros((len(y), columns))
    inverse = np.zeros((len(y), columns, columns))
    deviance = _deviance(y, mean, weights)
    active: NDArray[np.int64] = np.arange(len(y))
    for _ in range(_ITERATIONS):
        now = mean[active]
        working = weights[active] * now
        response = np.log(now) + (y[active] - now) / now
        information = (working @ products).reshape(-1, columns, columns)
        information[:, np.arange(columns), np.arange(columns)] += _FLOOR
        inverse[active] = np.linalg.inv(information)
        right = (working * response) @ design
        coefficients[active] = np.einsum("npq,nq->np", inverse[active], right)
        before[active] = now
        mean[active] = np.exp(np.clip(coefficients[active] @ design.T, -30.0, 30.0))
        latest = _deviance(y[active], mean[active], weights[active])
        moving = np.abs(latest - deviance[active]) / (np.abs(latest) + 0.1) >= _TOLERANCE
        deviance[active] = latest
        active = active[moving]
        if not len(active):
            break
    return coefficients, mean, before, inverse


def _deviance(y: Array, mean: Array, weights: Array) -> Array:
    ratio = np.where(y > 0, y, 1.0) / mean
    result: Array = 2.0 * (weights * (np.where(y > 0, y * np.log(ratio), 0.0) - (y - mean))).sum(axis=1)
    return result
