"""How much business each day of the country sees: season, holidays, growth, policy."""

import datetime

import numpy as np
import numpy.typing as npt

from streams.simulator.parameters import SimulatedCountry

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def ordinal(day: str) -> int:
    """Proleptic ordinal of an ISO date."""
    return datetime.date.fromisoformat(day).toordinal()


class Days:
    """Year, month and weekday of a run of civil days, as arrays."""

    def __init__(self, first: int, last: int) -> None:
        self.ordinals: IntArray = np.arange(first, last, dtype=np.int64)
        dates = [datetime.date.fromordinal(int(day)) for day in self.ordinals]
        self.year = np.array([date.year for date in dates], dtype=np.int64)
        self.month = np.array([date.month for date in dates], dtype=np.int64)
        self.weekday = np.array([date.weekday() for date in dates], dtype=np.int64)
        self.day = np.array([date.day for date in dates], dtype=np.int64)
        self.month_length = np.array([_month_length(date) for date in dates], dtype=np.int64)


def _month_length(date: datetime.date) -> int:
    following = (date.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)
    return (following - datetime.timedelta(days=1)).day


def retail_days(country: SimulatedCountry, days: Days) -> FloatArray:
    """Relative number of first registrations on each day."""
    season = np.asarray(country.monthly_registrations.relative)
    holidays = country.chinese_new_year
    level = season[days.month - 1] / days.month_length
    level = level * np.asarray(country.working_week.retail)[days.weekday]
    level = level * _new_year(
        country, days, holidays.retail_from, holidays.retail_to, holidays.retail_factor
    )
    level = level * np.where(_golden(days), country.golden_week.retail_factor, 1.0)
    level = level * _period_end(country, days)
    yearly = country.yearly_registrations.vehicles
    return _to_yearly_totals(level, days, yearly)


def export_days(country: SimulatedCountry, days: Days) -> FloatArray:
    """Relative number of used-car export declarations on each day."""
    season = np.asarray(country.monthly_exports.thousands)
    totals = country.yearly_used_exports.vehicles
    growth = np.array([totals[y] / totals.get(y - 1, totals[y]) for y in days.year.tolist()])
    extra = np.maximum(growth / country.monthly_exports.growth_within, 1.0)
    level = season[days.month - 1] / days.month_length * extra ** ((days.month - 6.5) / 12)
    level = level * np.asarray(country.working_week.exports)[days.weekday]
    holidays = country.chinese_new_year
    level = level * _new_year(
        country, days, holidays.export_from, holidays.export_to, holidays.export_factor
    )
    level = level * np.where(_golden(days), country.golden_week.export_factor, 1.0)
    ends = (days.month % 3 == 0) & (days.day > days.month_length - country.period_end.days)
    level = level * np.where(ends, country.period_end.export_quarter_factor, 1.0)
    weights = destination_weights(country, days)
    return _to_yearly_totals(level * weights.sum(axis=1), days, totals)


def destination_weights(country: SimulatedCountry, days: Days) -> FloatArray:
    """Relative pull of each destination (columns, in the file's order) on each day (rows)."""
    names = list(country.destinations.weights)
    base = np.asarray(list(country.destinations.weights.values()))
    weights = np.tile(base / base.sum(), (len(days.ordinals), 1))
    for effect in country.policy:
        inside = (days.ordinals >= ordinal(effect.begin)) & (days.ordinals <= ordinal(effect.end))
        if effect.destination is None:
            weights[inside] *= effect.factor
        else:
            weights[inside, names.index(effect.destination)] *= effect.factor
    return weights


def _new_year(
    country: SimulatedCountry, days: Days, first: int, last: int, factor: float
) -> FloatArray:
    level = np.ones(len(days.ordinals))
    for festival in country.chinese_new_year.days:
        since = days.ordinals - ordinal(festival)
        level[(since >= first) & (since <= last)] = factor
    return level


def _golden(days: Days) -> npt.NDArray[np.bool_]:
    golden: npt.NDArray[np.bool_] = (days.month == 10) & (days.day <= 7)  # noqa: PLR2004 - dates
    return golden


def _period_end(country: SimulatedCountry, days: Days) -> FloatArray:
    ends = country.period_end
    inside = days.day > days.month_length - ends.days
    factor = np.where(days.month % 3 == 0, ends.quarter_factor, ends.month_factor)
    factor = np.where(days.month == 12, ends.year_factor, factor)  # noqa: PLR2004 - December
    return np.where(inside, factor, 1.0)


def _to_yearly_totals(level: FloatArray, days: Days, totals: dict[int, float]) -> FloatArray:
    """Scale whole years to their totals; `days` must hold whole years."""
    scaled = level.copy()
    for year in np.unique(days.year).tolist():
        inside = days.year == year
        scaled[inside] *= totals[year] / level[inside].sum()
    return scaled
