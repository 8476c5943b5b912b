"""Farrington flexible: the reference method of public-health outbreak detection.

Every period is compared with a quasi-Poisson regression on the same season of earlier years
(Noufaily and others 2013, "An improved algorithm for outbreak detection in multiple surveillance
systems"). It is strong on stationary series and fails on fast growth: the rule that a trend may
not extrapolate above the largest baseline count holds its expectation down. It serves as an
anchor to compare with.
"""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from detectors.spikes.scores import Mask, Scores
from detectors.spikes.special import Array, anscombe_residual, upper_tail
from streams.spikes.quasi_poisson import QuasiPoissonFit, fit_quasi_poisson

Days = NDArray[np.int64]
Levels = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class FarringtonSettings:
    """Tuning of the method; the defaults are those recommended by Noufaily and others.

    Attributes
    ----------
    years, half_window : int
        Years of baseline and weeks on either side of the same week.
    seasons : int
        Levels of the seasonal factor: the windows and the blocks between them.
    excluded_weeks : int
        Latest weeks kept out of the baseline.
    reweighting : float
        Anscombe residuals above it lose weight.
    alpha : float
        Probability of a false alarm a week.
    trend_level : float
        The trend stays when its p-value is below this (1: always).
    minimum_cases : int
        Cases needed within the latest four weeks.
    """

    years: int = 5
    half_window: int = 3
    seasons: int = 10
    excluded_weeks: int = 26
    reweighting: float = 2.58
    alpha: float = 0.005
    trend_level: float = 1.0
    minimum_cases: int = 5


def farrington(
    counts: Array,
    settings: FarringtonSettings | None = None,
    *,
    first: int | None = None,
    days: Days | None = None,
) -> Scores:
    """Judge weekly counts.

    Parameters
    ----------
    counts : array, series x weeks
    settings : FarringtonSettings, optional
    first : int, optional
        First week to judge; default the first with all its years of baseline.
    days : array of int, optional
        First civil day of every week: reference weeks are then those nearest to the same date of
        earlier years, else those 52, 104, ... weeks before.

    Raises
    ------
    ValueError
        When the history is shorter than the baseline.
    """
    s = settings or FarringtonSettings()
    needed = 52 * s.years + s.half_window + (0 if days is None else 2)
    start = needed if first is None else first
    if start >= counts.shape[1]:
        raise ValueError(
            f"not enough history: farrington needs {needed + 1} weeks ({s.years} years before), "
            f"the counts have {counts.shape[1]}"
        )
    result = Scores.empty((counts.shape[0], counts.shape[1]))
    for week in range(start, counts.shape[1]):
        _judge_week(counts, week, s, days, result)
    return result


def _judge_week(
    counts: Array, week: int, s: FarringtonSettings, days: Days | None, result: Scores
) -> None:
    levels = season_levels(_reference_weeks(week, s.years, days), week, s)
    baseline = np.flatnonzero((levels >= 0) & (np.arange(week + 1) < week - s.excluded_weeks))
    y = counts[:, baseline]
    mean, dispersion = _expect(y, levels[baseline], (baseline - week).astype(float), s)
    p = upper_tail(counts[:, week], mean, dispersion)
    upper = _quantile(mean, dispersion, s.alpha)
    enough = counts[:, max(0, week - 3) : week + 1].sum(axis=1) >= s.minimum_cases
    result.expected[:, week], result.upper[:, week], result.p[:, week] = mean, upper, p
    result.alarm[:, week] = (counts[:, week] > upper) & enough


def _reference_weeks(week: int, years: int, days: Days | None) -> list[int]:
    """Return the week itself and its reference weeks, latest first."""
    if days is None:
        return [week - 52 * back for back in range(years + 1)]
    today = date.fromordinal(int(days[week]))
    found = []
    for back in range(years + 1):
        anniversary = _same_date(today, today.year - back).toordinal()
        found.append(int(np.argmin(np.abs(days - anniversary))))
    return found


def _same_date(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 3, 1)


def season_levels(references: list[int], week: int, s: FarringtonSettings) -> Levels:
    """Return the seasonal level of every week up to `week`, -1 before the oldest window.

    Weeks within the half-window of a reference week have the last level; those between two
    windows are cut into ``seasons - 1`` blocks as equal as whole weeks allow, the longer ones
    first.
    """
    levels = np.full(week + 1, -1, dtype=np.int64)
    for later, earlier in pairwise(references):
        between = np.arange(earlier + s.half_window + 1, later - s.half_window)
        for level, block in enumerate(np.array_split(between, s.seasons - 1)):
            levels[block] = level
    for reference in references:
        low, high = max(0, reference - s.half_window), min(week, reference + s.half_window)
        levels[low : high + 1] = s.seasons - 1
    return levels


def _expect(y: Array, levels: Levels, time: Array, s: FarringtonSettings) -> tuple[Array, Array]:
    """Return expectation and variance over mean at time 0, in the level of the windows."""
    season = (levels[:, None] == np.arange(s.seasons)).astype(float)
    season = season[:, season.any(axis=0)]
    flat = _reweighted(y, season, s.reweighting)
    mean, dispersion = np.exp(flat.coefficients[:, -1]), flat.dispersion
    if s.years < 3:  # noqa: PLR2004 - a trend needs three years
        return mean, dispersion
    scale = np.abs(time).max()
    trended = _reweighted(y, np.column_stack([season, time / scale]), s.reweighting)
    extrapolated = np.exp(trended.coefficients[:, -2])
    keep = _trend_matters(trended, s.trend_level) & (extrapolated <= y.max(axis=1))
    return np.where(keep, extrapolated, mean), np.where(keep, trended.dispersion, dispersion)


def _reweighted(y: Array, design: Array, threshold: float) -> QuasiPoissonFit:
    """Fit, give past outbreaks less weight, fit again."""
    plain = fit_quasi_poisson(y, design, np.ones_like(y))
    spread = plain.dispersion[:, None] * (1.0 - plain.leverage)
    residual = anscombe_residual(y, plain.mean, np.maximum(spread, 1e-12))
    weight = np.where(residual > threshold, np.maximum(residual, threshold) ** -2.0, 1.0)
    weight *= y.shape[1] / weight.sum(axis=1, keepdims=True)
    return fit_quasi_poisson(y, design, weight)


def _trend_matters(fit: QuasiPoissonFit, level: float) -> Mask:
    if level >= 1.0:
        return np.ones(len(fit.dispersion), dtype=bool)
    statistic = np.abs(fit.coefficients[:, -1]) / np.sqrt(fit.last_variance)
    p: Array = 2.0 * stats.t.sf(statistic, fit.degrees_of_freedom)
    matters: Mask = p < level
    return matters


def _quantile(mean: Array, dispersion: Array, alpha: float) -> Array:
    excess = np.maximum(dispersion - 1.0, 1e-12)
    negative_binomial = stats.nbinom.ppf(1.0 - alpha, mean / excess, 1.0 / (1.0 + excess))
    poisson = stats.poisson.ppf(1.0 - alpha, mean)
    quantile: Array = np.where(dispersion > 1.0 + 1e-9, negative_binomial, poisson)
    return quantile
