"""What the firing alerts come to: counts, the worst of them, and the vehicles behind them."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from datetime import date
from typing import Final, NamedTuple

from detectors.alerts import Alert
from streams.report.calendar import monday

_DATE: Final = len("2025-06-17")


class Suspect(NamedTuple):
    """A vehicle by what is firing for it."""

    vin: str
    points: float
    """Sum of the worst score of every detector; alerts on trial do not count."""
    alerts: list[Alert]
    """Worst first."""
    further: bool
    """Whether it is here for a detector that none of the top vehicles shows."""


class AlertTally:
    """Firing alerts, counted and ranked.

    Parameters
    ----------
    firing
        The alerts; the order does not matter.
    """

    def __init__(self, firing: Iterable[Alert]) -> None:
        self.all: list[Alert] = sorted(firing, key=lambda alert: (-alert.score, alert.alert_id))
        """Everything that fires, detectors on trial included."""
        self.ranked = [alert for alert in self.all if not alert.shadow]
        """What counts in every headline, worst first."""
        self.by_week: Counter[tuple[str, str, int]] = Counter()
        """By detector, severity and Monday of the event."""
        self.by_detector: Counter[str] = Counter()
        self.by_severity: Counter[str] = Counter()
        self.by_province: Counter[str | None] = Counter()
        """Alerts on vehicles, by the province of the document they hang on."""
        self.spikes: list[Alert] = []
        """Alerts on provinces, oldest first."""
        self.on_trial: Counter[str] = Counter()
        """Alerts by detectors on trial, which are in no other count."""
        self._by_vehicle: defaultdict[str, list[Alert]] = defaultdict(list)
        for alert in self.all:
            self._count(alert)
        self.spikes.sort(key=lambda alert: (alert.occurred_at, alert.alert_id))

    def _count(self, alert: Alert) -> None:
        of_vehicle = alert.subject_type == "vehicle"
        if of_vehicle:
            self._by_vehicle[alert.subject].append(alert)
        if alert.shadow:
            self.on_trial[alert.detector] += 1
            return
        self.by_week[alert.detector, alert.severity, monday(day_of(alert))] += 1
        self.by_detector[alert.detector] += 1
        self.by_severity[alert.severity] += 1
        if of_vehicle:
            self.by_province[alert.labels.get("province")] += 1
        else:
            self.spikes.append(alert)

    @property
    def subjects(self) -> Container[str]:
        """Vehicles with any alert."""
        return self._by_vehicle

    @property
    def vehicles(self) -> int:
        """How many vehicles have at least one alert of a detector that is not on trial."""
        return sum(not all(alert.shadow for alert in alerts) for alerts in self._by_vehicle.values())

    def suspects(self, top: int, alike: int) -> list[Suspect]:
        """Vehicles to tell in full: the top by points, then the worst of every detector not yet seen.

        Parameters
        ----------
        top
            How many by points.
        alike
            How many of those may share one combination of detectors: the tenth tells nothing new.
        """
        ordered = sorted(self._by_vehicle, key=lambda vin: (-_points(self._by_vehicle[vin]), vin))
        combinations: Counter[frozenset[str]] = Counter()
        chosen: dict[str, None] = {}
        for vin in ordered:
            if len(chosen) == top:
                break
            combination = frozenset(alert.detector for alert in self._by_vehicle[vin])
            combinations[combination] += 1
            if combinations[combination] <= alike:
                chosen[vin] = None
        further = dict.fromkeys(self._unseen(chosen))
        return [self._suspect(v) for v in chosen] + [self._suspect(v, further=True) for v in further]

    def _unseen(self, chosen: Iterable[str]) -> Iterator[str]:
        seen = {alert.detector for vin in chosen for alert in self._by_vehicle[vin]}
        for alert in self.all:
            if alert.subject_type == "vehicle" and alert.detector not in seen:
                seen.add(alert.detector)
                yield alert.subject

    def _suspect(self, vin: str, *, further: bool = False) -> Suspect:
        alerts = self._by_vehicle[vin]
        return Suspect(vin, _points(alerts), alerts, further)


def day_of(alert: Alert) -> int:
    """Civil day of the event an alert hangs on."""
    return date.fromisoformat(alert.occurred_at[:_DATE]).toordinal()


def _points(alerts: list[Alert]) -> float:
    worst: dict[str, float] = {}
    for alert in alerts:
        if not alert.shadow:
            worst[alert.detector] = max(alert.score, worst.get(alert.detector, 0.0))
    return round(sum(worst.values()), 2)
