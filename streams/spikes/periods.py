"""Periods as people write them: a date, an ISO week or a month."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

PeriodKind = Literal["day", "week", "month"]

_WEEK = re.compile(r"(\d{4})-W(\d{2})\Z")
_MONTH = re.compile(r"(\d{4})-(\d{2})\Z")
PERIODS_A_YEAR: dict[PeriodKind, float] = {"day": 365.2425, "week": 52.1775, "month": 12.0}


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One day, ISO week or month: civil days ``start`` to ``end``, the latter exclusive."""

    start: int
    end: int
    kind: PeriodKind

    def following(self) -> "Period":
        """Return the period just after."""
        first = date.fromordinal(self.end)
        return _month(first.year, first.month) if self.kind == "month" else self._shifted()

    def _shifted(self) -> "Period":
        length = self.end - self.start
        return Period(self.end, self.end + length, self.kind)

    def __str__(self) -> str:
        day = date.fromordinal(self.start)
        if self.kind == "week":
            year, week, _ = day.isocalendar()
            return f"{year:04d}-W{week:02d}"
        return f"{day:%Y-%m}" if self.kind == "month" else day.isoformat()


@lru_cache(maxsize=100_000)
def parse_period(text: str, length: PeriodKind | None = None) -> Period:
    """Read ``2025-03-14``, ``2025-W11`` or ``2025-03``.

    Parameters
    ----------
    text
        The period.
    length
        What a date stands for: the ISO week or the month that it lies in; ``None`` for itself.

    Raises
    ------
    ValueError
        When the text is none of the three or no such period exists.
    """
    if match := _WEEK.match(text):
        day = date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return Period(day.toordinal(), day.toordinal() + 7, "week")
    if match := _MONTH.match(text):
        return _month(int(match[1]), int(match[2]))
    day = date.fromisoformat(text)
    if length == "month":
        return _month(day.year, day.month)
    if length == "week":
        monday = day.toordinal() - day.weekday()
        return Period(monday, monday + 7, "week")
    return Period(day.toordinal(), day.toordinal() + 1, "day")


def weeks_of(text: str) -> str | None:
    """Say which weeks a year has, where a text looks like a week; ``None`` where it does not."""
    if match := _WEEK.match(text):
        last = date(int(match[1]), 12, 28).isocalendar().week
        return f"{match[1]} has the weeks {match[1]}-W01 to {match[1]}-W{last}"
    return None


def _month(year: int, month: int) -> Period:
    first = date(year, month, 1)
    following = (first + timedelta(days=32)).replace(day=1)
    return Period(first.toordinal(), following.toordinal(), "month")
