"""What the calendar does to counts: lunar new year, Golden Week, month and quarter ends.

Every regressor is the share of a period's days that lie in a window, so that one definition
serves days, weeks and months. Windows follow the lunar date: the same week of two years is not
the same season.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

# The lunar calendar alone: the public way to it imports every country's holidays, half a second
# and more. A test holds it against the public way.
from holidays.calendars.chinese import _ChineseLunisolar as ChineseLunisolar
from numpy.typing import NDArray

from detectors.spikes.special import Array

Days = NDArray[np.int64]

NEW_YEAR_WINDOWS = ((-14, -8), (-7, -1), (0, 6), (7, 13), (14, 20))
"""Days after New Year's Day, inclusive: rush, wind-down, feast, return and rebound."""

_LUNAR = ChineseLunisolar()


@lru_cache(maxsize=256)
def chinese_new_year(year: int) -> date:
    """Return the first day of the lunar year that begins in a Gregorian year (1901 to 2100).

    Raises
    ------
    ValueError
        The calendar does not reach that year.

    Examples
    --------
    >>> chinese_new_year(2026)
    datetime.date(2026, 2, 17)
    """
    day, _ = _LUNAR.lunar_new_year_date(year)
    if day is None:
        raise ValueError(f"no Chinese New Year is known for {year}; allowed: 1901 to 2100")
    return day


def days_from_new_year(day: int) -> int:
    """Return the days from the nearest Chinese New Year's Day to a civil day (ordinal)."""
    year = date.fromordinal(day).year
    offsets = [day - chinese_new_year(near).toordinal() for near in (year - 1, year, year + 1)]
    return min(offsets, key=abs)


def _in_golden_week(day: date) -> bool:
    return day.month == 10 and day.day <= 7  # noqa: PLR2004 - 1 to 7 October


def _after_golden_week(day: date) -> bool:
    return day.month == 10 and 8 <= day.day <= 14  # noqa: PLR2004 - the week that catches up


def _days_left_in_month(day: date) -> int:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (following - day).days - 1


def _at_month_end(day: date) -> bool:
    return _days_left_in_month(day) < 5  # noqa: PLR2004 - the last five days


def _at_quarter_end(day: date) -> bool:
    return day.month % 3 == 0 and _days_left_in_month(day) < 10  # noqa: PLR2004 - the last ten


_SOLAR_WINDOWS: tuple[Callable[[date], bool], ...] = (
    _in_golden_week,
    _after_golden_week,
    _at_month_end,
    _at_quarter_end,
)


@lru_cache(maxsize=20_000)
def _day_row(day: int) -> tuple[float, ...]:
    offset = days_from_new_year(day)
    lunar = [float(first <= offset <= last) for first, last in NEW_YEAR_WINDOWS]
    civil = date.fromordinal(day)
    return (*lunar, *(float(window(civil)) for window in _SOLAR_WINDOWS))


def chinese_regressors(starts: Days, ends: Days) -> Array:
    """Return the share of every period's days in each calendar window.

    Parameters
    ----------
    starts, ends : array of int
        First civil day of every period and the day after its last, as proleptic ordinals.

    Returns
    -------
    array, periods x windows
        Two sines and cosines of the year follow, and for single days six weekday columns (Tuesday to
        Sunday).
    """
    rows = np.array(
        [
            np.mean([_day_row(day) for day in range(start, end)], axis=0)
            for start, end in zip(starts.tolist(), ends.tolist(), strict=True)
        ]
    )
    return np.hstack([rows, seasonal_regressors(starts, ends)])


def seasonal_regressors(starts: Days | Array, ends: Days | Array, harmonics: int = 2) -> Array:
    """Return cosines and sines of the year at the middle of every period, and weekdays of days.

    Parameters
    ----------
    starts, ends : array
        First civil day of every period and the day after its last, as proleptic ordinals.
    harmonics : int
        Of the year.
    """
    middle = (starts + ends) / 2.0
    angle = 2.0 * np.pi * middle[:, None] * np.arange(1, harmonics + 1) / 365.2425
    year = np.hstack([np.cos(angle), np.sin(angle)])
    if not np.all(ends - starts == 1):
        return year
    weekday = (starts + 6) % 7
    return np.hstack([year, (weekday[:, None] == np.arange(1, 7)).astype(float)])
