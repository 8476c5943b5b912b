"""Dated causes known to move exports, so that a reader sees legitimate rushes."""

from dataclasses import dataclass
from datetime import date

from detectors.spikes.calendar import days_from_new_year

BEFORE, AFTER = 35, 28
"""Days by which a date may follow or precede the counts: rushes come before deadlines."""

NEW_YEAR_NEAR = 21
GOLDEN_WEEK_NEAR = 10


@dataclass(frozen=True, slots=True)
class Cause:
    """A dated event: its civil day (proleptic ordinal) and what it is."""

    day: int
    text: str

    def __str__(self) -> str:
        return f"{date.fromordinal(self.day).isoformat()}: {self.text}"


def _cause(day: str, text: str) -> Cause:
    return Cause(date.fromisoformat(day).toordinal(), text)


POLICIES = (
    _cause("2019-05-01", "used-car exports allowed from ten places"),
    _cause("2020-11-01", "used-car exports allowed from about twenty more places"),
    _cause("2022-12-01", "used-car exports allowed from fourteen more places"),
    _cause("2024-03-01", "used-car exports allowed nationwide under licence (Announcement 6/2024)"),
    _cause("2024-04-01", "Russia collects unpaid duties on cars cleared in its customs union"),
    _cause("2024-10-01", "Russian recycling fee rises"),
    _cause("2025-01-01", "Russian recycling fee rises"),
    _cause("2025-05-01", "Uzbekistan's fee on electric cars rises"),
    _cause("2025-09-25", "Kyrgyzstan's duty-free quota of electric cars is used up"),
    _cause("2025-11-01", "Jordan requires conformity to foreign standards and taxes anew"),
    _cause("2025-12-01", "Russian low rate for persons ends above 160 hp"),
    _cause("2026-01-01", "manufacturer's letter needed within 180 days of registration"),
)
"""Published policy dates that are known to move counts."""


def known_causes(first: int, last: int, policies: tuple[Cause, ...] = POLICIES) -> tuple[str, ...]:
    """Return the known causes near the civil days `first` to `last`, in order of their date."""
    near = [cause for cause in policies if first - AFTER <= cause.day <= last + BEFORE]
    return tuple(str(cause) for cause in sorted(near, key=lambda cause: cause.day)) + _holidays(
        first, last
    )


def _holidays(first: int, last: int) -> tuple[str, ...]:
    found = []
    offset = min((days_from_new_year(day) for day in range(first, last + 1)), key=abs)
    if abs(offset) <= NEW_YEAR_NEAR:
        found.append(f"Chinese New Year is {_distance(offset)}")
    year = date.fromordinal(first).year
    golden = date(year, 10, 1).toordinal()
    if first - GOLDEN_WEEK_NEAR <= golden <= last + GOLDEN_WEEK_NEAR:
        found.append("Golden Week begins on 1 October")
    return tuple(found)


def _distance(offset: int) -> str:
    if not offset:
        return "in these weeks"
    return f"{abs(offset)} days {'before' if offset > 0 else 'after'}"
