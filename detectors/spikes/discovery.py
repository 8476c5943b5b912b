"""False-discovery control over the provinces of one week (Benjamini and Hochberg 1995)."""

import numpy as np
import scipy  # whose `stats` loads with its first use: half a second
from numpy.typing import NDArray

from detectors.spikes.special import Array

DEFAULT_RATE = 0.1


def benjamini_hochberg(p: Array, rate: float = DEFAULT_RATE) -> NDArray[np.bool_]:
    """Return which hypotheses are rejected at a false-discovery rate; NaN is never rejected.

    Parameters
    ----------
    p : array
        P-values of one period, one a series.
    rate : float
        Expected share of false ones among the rejected, within (0, 1).

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.001, 0.04, 0.2, np.nan]), 0.1)
    array([ True,  True, False, False])
    >>> benjamini_hochberg(np.array([0.001, 1.0 + 1e-15]))
    array([ True, False])
    """
    tested = np.isfinite(p)
    rejected = np.zeros(len(p), dtype=bool)
    # A tail that is summed up may exceed 1 by the last digit.
    rejected[tested] = scipy.stats.false_discovery_control(np.minimum(p[tested], 1)) <= rate
    return rejected
