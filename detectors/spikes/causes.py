"""Dated causes known to move exports, so that a reader sees legitimate rushes."""

from datetime import date

from detectors.country import Country, Feast
from detectors.spikes.calendar import days_from_feast, moves

BEFORE, AFTER = 35, 28
"""Days by which a date may follow or precede the counts: rushes come before deadlines."""


def known_causes(first: int, last: int, country: Country) -> tuple[str, ...]:
    """Return the known causes near the civil days `first` to `last`, in order of their date."""
    near = [
        cause for cause in country.causes if first - AFTER <= cause.day.toordinal() <= last + BEFORE
    ]
    told = [str(cause) for cause in sorted(near, key=lambda cause: cause.day)]
    feasts = (_told(feast, first, last) for feast in country.calendar.feasts)
    return (*told, *(told for told in feasts if told is not None))


def _told(feast: Feast, first: int, last: int) -> str | None:
    """Say of a feast that is near how near it is, or when it begins where that is always the same."""
    if moves(feast.begins):
        offset = min((days_from_feast(feast.begins, day) for day in range(first, last + 1)), key=abs)
        return f"{feast.name} is {_distance(offset)}" if abs(offset) <= feast.near_days else None
    month_and_day = date.fromisoformat(f"2001-{feast.begins}")
    years = (date.fromordinal(first).year + year for year in (-1, 0, 1))
    days = (month_and_day.replace(year=year).toordinal() for year in years)
    if any(first - feast.near_days <= day <= last + feast.near_days for day in days):
        return f"{feast.name} begins on {month_and_day.day} {month_and_day:%B}"
    return None


def _distance(offset: int) -> str:
    if not offset:
        return "in these weeks"
    return f"{abs(offset)} days {'before' if offset > 0 else 'after'}"
