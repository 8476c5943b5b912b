"""What alerts ask of those who look into them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

import msgspec

from detectors.alerts import Alert

_DATE: Final = len("2025-01-01")


class Load(msgspec.Struct, frozen=True):
    """What one side asks of those who look into alerts; detectors on trial are left out."""

    alerts: int
    vehicles: int
    vehicles_a_week: float
    """Over the weeks from the first alert's event to the last one's."""


@dataclass(slots=True)
class LoadCount:
    """A load that is still counted: those of different subjects add up."""

    alerts: int = 0
    vehicles: int = 0
    days: tuple[int, int] | None = None
    """Civil days of the first alert's event and the last one's."""

    @classmethod
    def of(cls, alerts: Iterable[Alert]) -> Self:
        """Count alerts, those left out that are on trial."""
        aloud = [alert for alert in alerts if not alert.shadow]
        vehicles = {alert.subject for alert in aloud if alert.subject_type == "vehicle"}
        days = {alert.occurred_at[:_DATE] for alert in aloud}
        ends = (_ordinal(min(days)), _ordinal(max(days))) if days else None
        return cls(len(aloud), len(vehicles), ends)

    def add(self, other: "LoadCount") -> None:
        """Add that of other subjects."""
        self.alerts += other.alerts
        self.vehicles += other.vehicles
        days = [day for ends in (self.days, other.days) if ends is not None for day in ends]
        self.days = (min(days), max(days)) if days else None

    @property
    def load(self) -> Load:
        """The load."""
        first, last = self.days or (0, 0)
        return Load(self.alerts, self.vehicles, round(self.vehicles / ((last - first + 7) / 7), 2))


def load_of(alerts: Mapping[str, Alert]) -> Load:
    """How much there is to look into."""
    return LoadCount.of(alerts.values()).load


def within(alerts: Mapping[str, Alert], first: int | None, last: int | None) -> Mapping[str, Alert]:
    """Alerts whose event lies in a period of civil days, both included; whole histories were judged."""
    if first is None and last is None:
        return alerts
    return {
        name: alert
        for name, alert in alerts.items()
        if (first is None or first <= _ordinal(alert.occurred_at))
        and (last is None or _ordinal(alert.occurred_at) <= last)
    }


def _ordinal(moment: str) -> int:
    return date.fromisoformat(moment[:_DATE]).toordinal()
