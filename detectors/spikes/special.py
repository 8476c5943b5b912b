"""Special functions of count surveillance, vectorised and safe at the edges of their domains."""

import numpy as np
import scipy  # whose `special` loads with its first use
from numpy.typing import NDArray

Array = NDArray[np.float64]

SMALLEST_PROBABILITY = 1e-300
"""Tail probabilities below this are reported as this: a logarithm of them stays finite."""

_NEWTON_STEPS = 5
_TINY, _STEEP, _HUGE = 1e-7, 2.0, 1e7
_NEWTON_TOLERANCE = 1e-6
_MINIMUM_OVERDISPERSION = 1e-9


def trigamma(x: Array) -> Array:
    """Return the trigamma function of positive `x` (the Hurwitz zeta function at 2)."""
    result: Array = scipy.special.zeta(2.0, x)
    return result


def inverse_trigamma(q: Array) -> Array:
    """Solve ``trigamma(a) == q`` for positive `q`.

    Newton's method on `q` itself diverges for large `q`. Newton on the reciprocal does not: ``1 /
    trigamma`` is convex and nearly linear, so that from ``1/2 + 1/q - q/12`` (``1 / sqrt(q)``
    above 2) every step moves towards the root, its error squared; a last step below 1e-6 leaves
    one near 1e-12. Outside [1e-7, 1e7] the asymptotes ``1 / q`` and ``1 / sqrt(q)`` serve.

    Parameters
    ----------
    q : array of positive numbers

    Returns
    -------
    array
        Shape of `q`.
    """
    clipped = np.clip(q, _TINY, _HUGE)
    start = 0.5 + 1.0 / clipped - clipped / 12.0
    a = np.where(clipped > _STEEP, 1.0 / np.sqrt(clipped), start)
    for _ in range(_NEWTON_STEPS):
        value = scipy.special.zeta(2.0, a)
        step = value * (1.0 - value / clipped) / (-2.0 * scipy.special.zeta(3.0, a))
        a = a + step
        if (np.abs(step) < _NEWTON_TOLERANCE * a).all():
            break
    a = np.where(q < _TINY, 1.0 / q, a)
    return np.where(q > _HUGE, 1.0 / np.sqrt(q), a)


def upper_tail(count: Array, mean: Array, dispersion: Array) -> Array:
    """Return P(Y >= count) of a negative binomial with variance ``dispersion * mean``.

    Parameters
    ----------
    count, mean : array
        Observed counts (>= 0) and positive expected counts.
    dispersion : array
        Variance over mean, >= 1; 1 is the Poisson distribution.

    Returns
    -------
    array
        Probabilities within [1e-300, 1].
    """
    excess = np.maximum(dispersion - 1.0, _MINIMUM_OVERDISPERSION)
    tail = scipy.special.betainc(np.maximum(count, 1e-12), mean / excess, excess / (1.0 + excess))
    return np.where(count <= 0, 1.0, np.maximum(tail, SMALLEST_PROBABILITY))


def log_likelihood(count: Array, mean: Array, dispersion: Array) -> Array:
    """Return the log-probability of the counts under the distribution of `upper_tail`."""
    excess = np.maximum(dispersion - 1.0, 1e-6)
    size = mean / excess
    result: Array = (
        scipy.special.gammaln(count + size)
        - scipy.special.gammaln(size)
        - scipy.special.gammaln(count + 1.0)
        - size * np.log1p(excess)
        + count * np.log(excess / (1.0 + excess))
    )
    return result


def anscombe_residual(count: Array, mean: Array, dispersion: Array) -> Array:
    """Return the residual that is nearly normal for counts: a 2/3-power transform."""
    return 1.5 * (np.cbrt(count) ** 2 / np.cbrt(np.sqrt(mean)) - np.sqrt(mean)) / np.sqrt(dispersion)
