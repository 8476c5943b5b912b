"""EARS C1, C2 and C3: moving averages of a few recent periods (Hutwagner and others 2003).

Cheap anchors without season, trend or overdispersion. A baseline of equal counts has standard
deviation zero, and any count above it would alarm; the default floor of 0.5 prevents that.
"""

from typing import Literal

import numpy as np
from scipy import stats

from detectors.spikes.scores import Scores
from detectors.spikes.special import Array

EarsVariant = Literal["c1", "c2", "c3"]

DEFAULT_ALPHA: dict[EarsVariant, float] = {"c1": 0.001, "c2": 0.001, "c3": 0.025}


def ears(
    counts: Array,
    variant: EarsVariant,
    *,
    alpha: float | None = None,
    baseline: int = 7,
    minimum_sd: float = 0.5,
    carry_onto: Literal["mean", "observed"] = "mean",
) -> Scores:
    """Judge counts by one of the three EARS statistics.

    C1 compares with the `baseline` periods just before, C2 leaves two periods between, C3 adds the
    excess of C2 over one standard deviation in the two periods before.

    Parameters
    ----------
    counts : array, series x periods
    variant : {"c1", "c2", "c3"}
    alpha : float, optional
        Probability of a false alarm a period under a normal distribution; defaults 0.001, 0.001,
        0.025.
    baseline : int
        Periods of the moving average.
    minimum_sd : float
        Smallest standard deviation used.
    carry_onto : {"mean", "observed"}
        What C3's bound starts from. ``"observed"`` reproduces R's `earsC`, whose bound adds to
        the observed count, so that only the two periods before decide; it serves the comparison
        with R alone.

    Raises
    ------
    ValueError
        When there are not more periods than the baseline needs.
    """
    level = stats.norm.isf(DEFAULT_ALPHA[variant] if alpha is None else alpha)
    gap = 0 if variant == "c1" else 2
    first = baseline + gap + (2 if variant == "c3" else 0)
    if counts.shape[1] <= first:
        raise ValueError(
            f"not enough history: ears-{variant} needs {first + 1} periods, the counts have "
            f"{counts.shape[1]}"
        )
    mean, sd = _moving(counts, baseline, gap, minimum_sd)
    bound = mean + level * sd
    if variant == "c3":
        start = mean if carry_onto == "mean" else counts
        bound = np.maximum(start + sd * (level - _carried(counts, mean, sd)), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = np.where(counts > mean, stats.norm.sf((counts - bound) / sd + level), 1.0)
    result = Scores.empty((counts.shape[0], counts.shape[1]))
    judged = slice(first, None)
    for target, value in ((result.expected, mean), (result.upper, bound), (result.p, p)):
        target[:, judged] = value[:, judged]
    result.alarm[:, judged] = (counts > bound)[:, judged]
    return result


def _carried(counts: Array, mean: Array, sd: Array) -> Array:
    """Return the excess over one standard deviation of the two periods before."""
    with np.errstate(invalid="ignore", divide="ignore"):
        excess = np.nan_to_num(np.maximum(0.0, (counts - mean) / sd - 1.0), posinf=0.0)
    carried = np.zeros_like(counts)
    carried[:, 1:] += excess[:, :-1]
    carried[:, 2:] += excess[:, :-2]
    return carried


def _moving(counts: Array, baseline: int, gap: int, minimum_sd: float) -> tuple[Array, Array]:
    mean = np.full(counts.shape, np.nan)
    sd = np.full(counts.shape, np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(counts, baseline, axis=1)
    last = counts.shape[1] - baseline - gap
    mean[:, baseline + gap :] = windows.mean(axis=2)[:, :last]
    sd[:, baseline + gap :] = np.maximum(windows.std(axis=2, ddof=1)[:, :last], minimum_sd)
    return mean, sd
