"""What the rest of the nation does this period: a robust common factor, each series left out of its own.

A policy rush, a holiday of unusual size or a port that reopens moves most provinces together. Each province's
expectation is multiplied by the factor of all the others, with the uncertainty of that factor; its state
learns as if the factor were a known exposure. A province is then a spike only when it leaves its peers.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.spikes.special import Array

MINIMUM_PEERS = 8
"""Fewer series than this do not make a nation: each is judged by its own calendar alone."""

PRIOR_SD = 1.0
"""Prior standard deviation of the log-factor: 0 where no peer says anything."""

_HUBER = 2.0
_STEPS = 4
_MINIMUM_MEAN = 2.0


def common_factor(
    counts: Array, mean: Array, dispersion: Array, complete: NDArray[np.bool_] | None = None
) -> tuple[Array, Array]:
    """Estimate the log-factor common to the other series.

    Parameters
    ----------
    counts, mean, dispersion : array
        Of one period: observed and expected counts, predictive variance over mean.
    complete : array of bool, optional
        Series that may speak for the nation; default all.

    Returns
    -------
    factor, variance : array
        Log-factor of the series' peers and its variance. A Huber estimate: a peer with a spike of its own
        has bounded influence; tiny expectations have none.
    """
    speaks = mean > _MINIMUM_MEAN
    if complete is not None:
        speaks &= complete
    ratio = np.log((counts + 0.5) / (mean + 0.5))
    precision = np.where(speaks, mean / dispersion, 0.0)
    root = np.sqrt(precision)
    centre = 0.0
    for step in range(_STEPS):
        distance = np.abs(ratio - centre) * root
        weight = precision * (_HUBER / np.maximum(distance, _HUBER))
        weighted = weight * ratio
        if step < _STEPS - 1:
            centre = float(weighted.sum() / (weight.sum() + PRIOR_SD**-2))
    others = weight.sum() - weight + PRIOR_SD**-2
    return (weighted.sum() - weighted) / others, 1.0 / others
