"""Population stability: how far one sample has moved from another, bin by bin."""

import numpy as np
import numpy.typing as npt

from detectors.forest.packing import FloatArray

PSI_BINS = 10
"""Bins of the stability index: deciles of the reference population."""

_FLOOR = 1e-4  # share given to an empty bin, so that its logarithm stays finite


def decile_edges(reference: npt.ArrayLike) -> FloatArray:
    """Give a sample's inner bin edges: its deciles without repetition, nine or fewer."""
    values = np.asarray(reference, dtype=np.float64)
    values = values[np.isfinite(values)]
    if len(values) == 0:
        return np.zeros(0)
    return np.unique(np.quantile(values, np.arange(1, PSI_BINS) / PSI_BINS))


def bin_shares(edges: npt.ArrayLike, values: npt.ArrayLike) -> FloatArray:
    """Share of values in each bin, and in a last one for missing values (NaN); sums to 1."""
    inner = np.asarray(edges, dtype=np.float64)
    sample = np.asarray(values, dtype=np.float64)
    missing = np.isnan(sample)
    place = np.where(missing, len(inner) + 1, np.searchsorted(inner, sample, side="left"))
    counts = np.bincount(place, minlength=len(inner) + 2)
    result: FloatArray = counts / max(1, len(sample))
    return result


def population_stability_index(reference_shares: npt.ArrayLike, shares: npt.ArrayLike) -> float:
    """Compare two populations binned alike.

    Parameters
    ----------
    reference_shares, shares
        As `bin_shares` gives them.

    Returns
    -------
    float
        ``sum((b - a) ln(b / a))`` over bins, 0 when equal. Customary reading: below 0.1 the same
        population, 0.1 to 0.25 look at it, above 0.25 moved. With fewer than some hundred vehicles
        it is noise: its mean for equal populations is about (bins - 1) (1/n + 1/m).
    """
    a = np.maximum(np.asarray(reference_shares, dtype=np.float64), _FLOOR)
    b = np.maximum(np.asarray(shares, dtype=np.float64), _FLOOR)
    return float(((b - a) * np.log(b / a)).sum())
