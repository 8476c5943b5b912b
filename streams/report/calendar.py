"""Weeks and months as plain numbers, and the stretch of time that the charts show."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

DAYS_A_WEEK: Final = 7
_MOST_WEEKS: Final = 262
"""Five years: more weeks than that cannot be told apart on a screen."""
_STRAY: Final = 0.001
"""Share of events that may lie outside at either end: a mistyped year must not squeeze the rest."""


def monday(day: int) -> int:
    """Monday of a civil day's week, as an ordinal.

    >>> date.fromordinal(monday(date(2025, 6, 18).toordinal())).isoformat()
    '2025-06-16'
    """
    return day - (day - 1) % DAYS_A_WEEK


def month_number(day: int) -> int:
    """Number of a civil day's month, counted from the year 0."""
    moment = date.fromordinal(day)
    return moment.year * 12 + moment.month - 1


def month_text(month: int) -> str:
    """Write a month as ``YYYY-MM``.

    >>> month_text(month_number(date(2025, 6, 18).toordinal()))
    '2025-06'
    """
    year, index = divmod(month, 12)
    return f"{year:04d}-{index + 1:02d}"


def first_of_month(month: int) -> int:
    """First civil day of a month."""
    year, index = divmod(month, 12)
    return date(year, index + 1, 1).toordinal()


class ReportPeriod(NamedTuple):
    """Consecutive weeks, by their Mondays, and how many events lie outside."""

    weeks: list[int]
    outside: int

    @property
    def first_day(self) -> int | None:
        """First civil day, ``None`` where there are no weeks."""
        return self.weeks[0] if self.weeks else None

    @property
    def last_day(self) -> int | None:
        """Last civil day."""
        return self.weeks[-1] + DAYS_A_WEEK - 1 if self.weeks else None


def period_of(by_week: Iterable[tuple[int, int]]) -> ReportPeriod:
    """Choose the weeks to show: nearly all events, and the latest five years at most.

    Parameters
    ----------
    by_week
        Pairs of a Monday and a number of events; a Monday may come several times.
    """
    counts: Counter[int] = Counter()
    for week, events in by_week:
        counts[week] += events
    if not counts:
        return ReportPeriod([], 0)
    stray = counts.total() * _STRAY
    ordered = sorted(counts)
    last = _trimmed(reversed(ordered), counts, stray)
    first = max(_trimmed(ordered, counts, stray), last - (_MOST_WEEKS - 1) * DAYS_A_WEEK)
    weeks = list(range(first, last + 1, DAYS_A_WEEK))
    return ReportPeriod(weeks, sum(n for week, n in counts.items() if not first <= week <= last))


def _trimmed(weeks: Iterable[int], counts: Counter[int], stray: float) -> int:
    passed = 0
    for week in weeks:
        passed += counts[week]
        if passed > stray:
            return week
    raise AssertionError("a part of the events is never all of them")  # pragma: no cover
