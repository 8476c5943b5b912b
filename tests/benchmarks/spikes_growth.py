"""A growth panel: weekly export counts of 31 provinces that grow the way this trade did.

The national path follows the published yearly totals (3k, 4k, 15k, 69k, 275k, 436k, then slower);
provinces have drifting Zipf shares and start on four dates with a fifty-fold ramp; the calendar
acts by day and is summed to weeks, so that it is not of the detector's own form. With `shocks`
the size of Chinese New Year varies by 30 % from year to year and 24 national fortnights of policy
rushes and pauses come on top, unknown to detectors. With a `season` every province has a yearly wave
of its own, no single sine. With `foreign` holidays they follow a calendar that detectors do not know.
How much can be found depends on the `wandering` of the shares: what keeps still can be learnt.
"""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from detectors.spikes.calendar import lunar_new_year
from tests.benchmarks.spikes_outbreaks import (
    Array,
    Outbreak,
    Simulation,
    inject,
    negative_binomial,
)

PROVINCES = 31
FIRST_DAY = date(2018, 12, 31).toordinal()
WEEKS = 418
SCORED_FROM = (date(2024, 1, 1).toordinal() - FIRST_DAY) // 7
AFTER_START = 39
YOUNG_UNTIL = 78
WANDERING = 0.015
STEADY_WANDERING = 0.005
"""Standard deviations of a week's step of a province's logarithmic share."""

_YEARLY = (3e3, 4.3e3, 15e3, 69e3, 275e3, 436e3, 5.2e5, 5.6e5)
_STARTS = (date(2019, 5, 1), date(2020, 11, 1), date(2022, 12, 1), date(2024, 3, 1))
_STARTING = (9, 10, 8, 4)
_LUNAR_EFFECTS = {(-14, -8): 0.10, (-7, -1): -0.15, (0, 6): -0.9, (7, 13): -0.35, (14, 20): 0.15}
_EVENTS = 56
_OCTOBER, _GOLDEN_WEEK_ENDS = 10, 7
_LAST_DAYS_OF_MONTH, _LAST_DAYS_OF_QUARTER = 27, 22
_YEAR, _LUNAR_YEAR = 365.2425, 354.367
_FOREIGN_FEAST = date(2019, 6, 4).toordinal()
_FOREIGN_EFFECTS = {(-14, -1): 0.15, (0, 6): -0.7, (7, 13): -0.2, (67, 71): -0.5}
_DECEMBER, _CHRISTMAS = 12, 24


def simulate_growth(
    seed: int,
    *,
    shocks: bool = False,
    season: float = 0.0,
    foreign: bool = False,
    wandering: float = WANDERING,
) -> Simulation:
    """Simulate one panel from 2019 to 2026, with outbreaks from 2024 on.

    Parameters
    ----------
    seed : int
    shocks : bool
        National shocks come on top.
    season : float
        Mean height of the provinces' yearly waves, on the logarithmic scale.
    foreign : bool
        The holidays are those of another calendar.
    wandering : float
        Standard deviation of a week's step of a province's logarithmic share.
    """
    random = np.random.default_rng([seed, int(shocks)])
    days = np.arange(FIRST_DAY, FIRST_DAY + 7 * WEEKS)
    national = _national_path(days)
    shares, steady, started = _shares(random, wandering)
    calendar = _foreign_effects(random, days) if foreign else _calendar_effects(random, days, shocks)
    weekly = (national[None, :] * np.exp(calendar)).reshape(PROVINCES, WEEKS, 7).sum(axis=2)
    common = random.normal(0.0, 0.07, WEEKS)
    if shocks:
        common += _policy_fortnights(random)
    if season:
        weekly *= np.exp(_seasons(random, season))
    mean = np.maximum(weekly * shares * np.exp(common), 1e-3)
    settled = np.maximum(weekly * steady * np.exp(common), 1e-3)
    linear = random.uniform(1.2, 2.5, PROVINCES)[:, None]
    quadratic = random.uniform(0.004, 0.015, PROVINCES)[:, None]
    dispersion = linear + quadratic * mean
    counts = negative_binomial(random, mean, dispersion)
    weeks = np.arange(WEEKS)
    scored = np.broadcast_to(weeks >= SCORED_FROM, mean.shape).copy()
    scored &= weeks[None, :] >= (started + AFTER_START)[:, None]
    young = weeks[None, :] < (started + YOUNG_UNTIL)[:, None]
    result = Simulation(
        counts,
        mean,
        dispersion,
        scored,
        np.arange(PROVINCES),
        FIRST_DAY + 7 * weeks,
        young,
        settled,
        wandering,
    )
    _add_outbreaks(random, result)
    return result


def _national_path(days: NDArray[np.int64]) -> Array:
    """Interpolate the logarithm of the daily rate between mid-years."""
    middles = [date(2019 + index, 7, 1).toordinal() for index in range(len(_YEARLY))]
    slope = (np.log(_YEARLY[1]) - np.log(_YEARLY[0])) / 365.0
    log_rate = np.interp(days, middles, np.log(np.array(_YEARLY) / 365.0))
    before = days < middles[0]
    log_rate[before] += slope * (days[before] - middles[0])
    return np.exp(log_rate)


def _shares(random: np.random.Generator, wandering: float) -> tuple[Array, Array, NDArray[np.int64]]:
    """Shares as they are, as they would be if they did not wander, and weeks of the start."""
    zipf = 1.0 / np.arange(1, PROVINCES + 1) ** 0.9
    order = random.permutation(np.repeat(np.arange(len(_STARTS)), _STARTING))
    started = np.array([(_STARTS[group].toordinal() - FIRST_DAY) // 7 for group in order])
    walk = np.cumsum(random.normal(0.0, wandering, (PROVINCES, WEEKS)), axis=1)
    weeks = np.arange(WEEKS)
    ramp = np.clip((weeks[None, :] - started[:, None]) / 12.0, 0.0, 1.0)
    steady = np.exp(np.log(zipf)[:, None] + np.log(50.0) * (ramp - 1.0))
    share = steady * np.exp(walk)
    return share / share.sum(axis=0), steady / steady.sum(axis=0), started


def _calendar_effects(random: np.random.Generator, days: NDArray[np.int64], shocks: bool) -> Array:
    taste = random.normal(1.0, 0.2, (PROVINCES, 1))
    effect = np.zeros((PROVINCES, len(days)))
    for year in range(2019, 2027):
        size = random.normal(1.0, 0.3) if shocks else 1.0
        offset = days - lunar_new_year(year).toordinal()
        for (first, last), value in _LUNAR_EFFECTS.items():
            inside = (offset >= first) & (offset <= last)
            effect[:, inside] += size * value * taste
    civil = [date.fromordinal(int(day)) for day in days]
    month, day = np.array([(day.month, day.day) for day in civil]).T
    holiday = (month == _OCTOBER) & (day <= _GOLDEN_WEEK_ENDS)
    month_end = day >= _LAST_DAYS_OF_MONTH
    quarter_end = (month % 3 == 0) & (day >= _LAST_DAYS_OF_QUARTER)
    push = random.normal(1.0, 0.2, (PROVINCES, 1))
    effect += -0.6 * holiday * taste + (0.12 * month_end + 0.15 * quarter_end) * push
    return effect


def _foreign_effects(random: np.random.Generator, days: NDArray[np.int64]) -> Array:
    """Feasts that come eleven days sooner every year, and the turn of the year."""
    taste = random.normal(1.0, 0.2, (PROVINCES, 1))
    effect = np.zeros((PROVINCES, len(days)))
    for year in range(9):
        offset = days - (_FOREIGN_FEAST + round(year * _LUNAR_YEAR))
        for (first, last), value in _FOREIGN_EFFECTS.items():
            effect[:, (offset >= first) & (offset <= last)] += value * taste
    civil = [date.fromordinal(int(day)) for day in days]
    closed = np.array(
        [
            (day.month == _DECEMBER and day.day >= _CHRISTMAS) or (day.month == 1 and day.day == 1)
            for day in civil
        ]
    )
    return effect - 0.6 * closed * taste


def _seasons(random: np.random.Generator, height: float) -> Array:
    """A yearly wave a province and a second one, smaller, within it: no single sine."""
    first = random.normal(height, height / 3.0, (PROVINCES, 1))
    second = random.normal(0.0, height / 3.0, (PROVINCES, 1))
    phase = random.uniform(0.0, 2.0 * np.pi) + random.normal(0.0, 0.4, (PROVINCES, 1))
    angle = 2.0 * np.pi * (FIRST_DAY + 7.0 * np.arange(WEEKS)) / _YEAR
    season: Array = first * np.cos(angle - phase) + second * np.cos(2.0 * angle - phase)
    return season


def _policy_fortnights(random: np.random.Generator) -> Array:
    """24 fortnights, one in every third of a year, each up or down by 35 to 40 %."""
    shock = np.zeros(WEEKS)
    for index in range(24):
        start = int(index * WEEKS / 24 + random.integers(0, WEEKS // 24 - 2))
        shock[start : start + 2] = random.choice([-1.0, 1.0]) * random.uniform(0.35, 0.40)
    return shock


def _add_outbreaks(random: np.random.Generator, result: Simulation) -> None:
    series, weeks = np.nonzero(result.scored)
    taken = np.zeros(result.counts.shape, dtype=bool)
    while len(result.outbreaks) < _EVENTS:
        pick = int(random.integers(len(series)))
        row, start = int(series[pick]), int(weeks[pick])
        if taken[row, max(0, start - 8) : start + 9].any():
            continue
        taken[row, start] = True
        spread = float(np.sqrt(result.mean[row, start] * result.dispersion[row, start]))
        end = inject(random, result.counts, row, start, float(random.integers(2, 11)) * spread)
        result.outbreaks.append(Outbreak(row, start, end))
