"""What the calendar does to counts: a country's feasts and holidays, month and quarter ends.

Every regressor is the share of a period's days that lie in a window, so that one definition
serves days, weeks and months. Windows follow the feast: where it moves, the same week of two years
is not the same season.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
from dateutil.easter import EASTER_ORTHODOX, easter
from holidays import country_holidays

# The lunar calendar alone: the public way to it works out all of China's holidays. A test holds it
# against the public way.
from holidays.calendars.chinese import _ChineseLunisolar as ChineseLunisolar
from numpy.typing import NDArray

from detectors.country import FeastCalendar
from detectors.spikes.special import Array

Days = NDArray[np.int64]

_LUNAR = ChineseLunisolar()


def lunar_new_year(year: int) -> date:
    """Return the first day of the lunar year that begins in a Gregorian year (1901 to 2100).

    Raises
    ------
    ValueError
        The calendar does not reach that year.

    Examples
    --------
    >>> lunar_new_year(2026)
    datetime.date(2026, 2, 17)
    """
    day, _ = _LUNAR.lunar_new_year_date(year)
    if day is None:
        raise ValueError(f"no lunar new year is known for {year}; allowed: 1901 to 2100")
    return day


_MOVING: Final[dict[str, Callable[[int], date]]] = {
    "lunar new year": lunar_new_year,
    "easter": easter,
    "orthodox easter": lambda year: easter(year, EASTER_ORTHODOX),
}


@lru_cache(maxsize=1024)
def _first_day(begins: str, year: int) -> int:
    """First day of a feast in a year, as `Feast.begins` says it."""
    moving = _MOVING.get(begins)
    day = date.fromisoformat(f"{year:04}-{begins}") if moving is None else moving(year)
    return day.toordinal()


def moves(begins: str) -> bool:
    """Whether a feast falls on another day every year."""
    return begins in _MOVING


def days_from_feast(begins: str, day: int) -> int:
    """Return the days from the nearest first day of a feast to a civil day (ordinal)."""
    year = date.fromordinal(day).year
    offsets = [day - _first_day(begins, near) for near in (year - 1, year, year + 1)]
    return min(offsets, key=abs)


def _days_left_in_month(day: date) -> int:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (following - day).days - 1


def _at_month_end(day: date) -> bool:
    return _days_left_in_month(day) < 5  # noqa: PLR2004 - the last five days


def _at_quarter_end(day: date) -> bool:
    return day.month % 3 == 0 and _days_left_in_month(day) < 10  # noqa: PLR2004 - the last ten


_EVERYWHERE: Final[tuple[Callable[[date], bool], ...]] = (_at_month_end, _at_quarter_end)
_SATURDAY: Final = 5


@lru_cache(maxsize=8)
def _rows_of(calendar: FeastCalendar) -> Callable[[int], tuple[float, ...]]:
    """Make what says of a civil day in which windows of a calendar it lies."""
    is_holiday = None if calendar.public_holidays is None else _holidays_of(calendar.public_holidays)

    @lru_cache(maxsize=20_000)
    def row(day: int) -> tuple[float, ...]:
        civil = date.fromordinal(day)
        feasts = [
            float(first <= offset <= last)
            for feast in calendar.feasts
            for offset in (days_from_feast(feast.begins, day),)
            for first, last in feast.windows
        ]
        ends = [float(window(civil)) for window in _EVERYWHERE]
        off = [] if is_holiday is None else [float(civil.weekday() < _SATURDAY and is_holiday(civil))]
        return (*feasts, *ends, *off)

    return row


def _holidays_of(country: str) -> Callable[[date], bool]:
    return country_holidays(country).__contains__


def calendar_regressors(starts: Days, ends: Days, calendar: FeastCalendar) -> Array:
    """Return the share of every period's days in each calendar window.

    Parameters
    ----------
    starts, ends : array of int
        First civil day of every period and the day after its last, as proleptic ordinals.
    calendar : FeastCalendar
        The country's.

    Returns
    -------
    array, periods x windows
        Two sines and cosines of the year follow, and for single days six weekday columns (Tuesday to
        Sunday).
    """
    row = _rows_of(calendar)
    rows = np.array(
        [
            np.mean([row(day) for day in range(start, end)], axis=0)
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
