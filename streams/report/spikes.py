"""Alerts on provinces, as charts and tables need them."""

from datetime import date
from typing import NamedTuple

from detectors import civil_time
from detectors.alerts import Alert
from streams.report.alerts import day_of
from streams.report.calendar import DAYS_A_WEEK, monday


class ReportedSpike(NamedTuple):
    """A stretch of weeks in which a province exported more than expected."""

    province: str
    title: str
    weeks: tuple[int, ...]
    """Mondays."""
    observed: float | None
    """Over all its weeks, as the two after it; ``None`` where the alert does not say."""
    expected: float | None
    upper: float | None
    severity: str
    explanation: str

    @property
    def span(self) -> str:
        """First day of its first week to last day of its last."""
        return f"{civil_time.day_text(self.weeks[0])} to {civil_time.day_text(self.weeks[-1] + 6)}"

    @property
    def told(self) -> str:
        """Say its numbers in half a line."""
        numbers = {"observed": self.observed, "expected": self.expected, "upper limit": self.upper}
        told = [f"{value:,.0f} {name}" for name, value in numbers.items() if value is not None]
        weeks = f" in {len(self.weeks)} weeks" if len(self.weeks) > 1 else ""
        return (", ".join(told) or self.severity) + weeks


def spike_of(alert: Alert) -> ReportedSpike:
    """Read a province alert; facts that are missing or of another type count as unknown."""
    first = _day(alert, "since") or day_of(alert)
    last = max(first, _day(alert, "until") or first)
    return ReportedSpike(
        province=alert.subject,
        title=alert.title,
        weeks=tuple(range(monday(first), monday(last) + 1, DAYS_A_WEEK)),
        observed=_number(alert, "observed"),
        expected=_number(alert, "expected"),
        upper=_number(alert, "upper_bound", "upper"),
        severity=alert.severity,
        explanation=alert.explanation,
    )


def _number(alert: Alert, *names: str) -> float | None:
    for name in names:
        value = alert.facts.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def _day(alert: Alert, name: str) -> int | None:
    try:
        return date.fromisoformat(str(alert.facts.get(name))).toordinal()
    except ValueError:
        return None
