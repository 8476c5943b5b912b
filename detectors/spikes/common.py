"""What the rest of the nation does this period: a robust common factor of one's peers.

A policy rush, a holiday of unusual size or a port that reopens moves most provinces together.
Each province's expectation is multiplied by the factor of all the others, with the uncertainty of
that factor; its state learns as if the factor were a known exposure. A province is then a spike
only when it leaves its peers.
"""

import numpy as np

from detectors.spikes.special import Array

MINIMUM_PEERS = 8
"""Fewer series than this do not make a nation: each is judged by its own calendar alone."""

PRIOR_SD = 1.0
"""Prior standard deviation of the log-factor: 0 where no peer says anything."""

_LARGEST_SQUARED_VARIATION = 0.5
_HUBER = 2.0
_STEPS = 4
_MINIMUM_MEAN = 2.0


def common_factor(counts: Array, mean: Array, dispersion: Array) -> tuple[Array, Array, Array]:
    """Estimate the log-factor common to the other series.

    Parameters
    ----------
    counts, mean, dispersion : array, ... x series
        Of one period: observed and expected counts, predictive variance over mean. The series of
        the last axis are peers.

    Returns
    -------
    factor, variance : array
        Log-factor of the series' peers and its variance. A Huber estimate: a peer with a spike of
        its own has bounded influence; tiny expectations have none.
    """
    ratio = np.log((counts + 0.5) / (mean + 0.5)) + _log_bias(mean, dispersion)
    precision = np.where(mean > _MINIMUM_MEAN, mean / dispersion, 0.0)
    root = np.sqrt(precision) / _HUBER
    weight = precision
    prior = PRIOR_SD**-2
    for _ in range(_STEPS):
        centre = (weight * ratio).sum(-1, keepdims=True) / (weight.sum(-1, keepdims=True) + prior)
        weight = precision / np.maximum(np.abs(ratio - centre) * root, 1.0)
    weighted = weight * ratio
    others = weight.sum(-1, keepdims=True) - weight + prior
    factor = (weighted.sum(-1, keepdims=True) - weighted) / others
    return factor, 1.0 / others, centre


def _log_bias(mean: Array, dispersion: Array) -> Array:
    """Return by how much the mean logarithm of counts lies below the logarithm of their mean.

    It is half the squared coefficient of variation, to first order; of next to no counts that says
    nothing, so it is bounded. Without it the factor is too low by some percent, and so is what is
    expected of every province.
    """
    bias: Array = 0.5 * np.minimum(dispersion / mean, _LARGEST_SQUARED_VARIATION)
    return bias
