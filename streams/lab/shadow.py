"""What detectors on trial say beside those that speak aloud: what promotion would add."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from detectors.alerts import Alert
from detectors.registry import Catalogue
from streams.lab.loads import load_of
from streams.lab.side_scores import SideScore, outcome_score

SAMPLES = 8
"""Alerts of each detector that are told, the worst first."""


class ShadowSample(msgspec.Struct, frozen=True):
    """An alert of a detector on trial, and who else speaks of its vehicle."""

    subject: str
    occurred_at: str
    severity: str
    score: float
    explanation: str
    beside: tuple[str, ...]
    """Detectors that speak aloud of the same vehicle."""


class OnTrial(msgspec.Struct, frozen=True):
    """One detector on trial."""

    detector: str
    version: int
    alerts: int
    vehicles: int
    known: int
    """Vehicles of which another detector speaks aloud."""
    beside: dict[str, int]
    """Those detectors, by how many of the vehicles they share."""
    added_vehicles: int
    """Vehicles that nobody would look into without it."""
    added_a_week: float
    decided: SideScore | None
    """Its own alerts held against what people decided; ``None`` where nobody has."""
    samples: tuple[ShadowSample, ...]


class ShadowReport(msgspec.Struct, frozen=True):
    """What all detectors on trial said over a period."""

    made_on: date
    first_day: date | None
    last_day: date | None
    """Civil days between which alerts count; ``None`` for no limit."""
    through: date | None
    """Last civil day of which it speaks: that of the newest document, or of the period if that ended
    before; ``None`` without documents."""
    policy_id: str
    loud_vehicles: int
    """Vehicles of which any detector speaks aloud."""
    loud_a_week: float
    detectors: tuple[OnTrial, ...]


def shadow_report(
    alerts: Mapping[str, Alert],
    catalogue: Catalogue,
    period: tuple[date | None, date | None],
    made_on: date,
    outcomes: Mapping[str, str] | None = None,
    *,
    newest: date | None = None,
) -> ShadowReport:
    """Set what is said on trial beside what is said aloud.

    Parameters
    ----------
    alerts
        Those that fire, of the period.
    catalogue
        By which they were judged.
    period
        First and last civil day.
    made_on
        Civil day of the report.
    outcomes
        What people decided, by alert.
    newest
        Civil day of the newest document.
    """
    days = [day for day in (newest, period[1]) if day is not None]
    aloud: dict[str, set[str]] = {}
    for alert in alerts.values():
        if not alert.shadow:
            aloud.setdefault(alert.subject, set()).add(alert.detector)
    loud = {name: alert for name, alert in alerts.items() if not alert.shadow}
    load = load_of(loud)
    on_trial = [
        (name, one)
        for name, one in catalogue.detectors.items()
        if one.spec_in_force.status == "experimental"
    ]
    return ShadowReport(
        made_on=made_on,
        first_day=period[0],
        last_day=period[1],
        through=None if newest is None else min(days),
        policy_id=catalogue.policy.digest,
        loud_vehicles=load.vehicles,
        loud_a_week=load.vehicles_a_week,
        detectors=tuple(
            _trial(name, one.spec.version, alerts, aloud, outcomes) for name, one in on_trial
        ),
    )


def _trial(
    name: str,
    version: int,
    alerts: Mapping[str, Alert],
    aloud: Mapping[str, set[str]],
    outcomes: Mapping[str, str] | None,
) -> OnTrial:
    own = {key: alert for key, alert in alerts.items() if alert.detector == name}
    vehicles = {alert.subject for alert in own.values()}
    beside = Counter(other for vehicle in vehicles for other in aloud.get(vehicle, ()))
    as_aloud = {key: msgspec.structs.replace(alert, shadow=False) for key, alert in own.items()}
    unknown = {key: alert for key, alert in as_aloud.items() if alert.subject not in aloud}
    added = load_of(unknown)
    worst = sorted(own.values(), key=lambda alert: (-alert.score, alert.alert_id))
    return OnTrial(
        detector=name,
        version=version,
        alerts=len(own),
        vehicles=len(vehicles),
        known=len(vehicles & aloud.keys()),
        beside=dict(beside.most_common()),
        added_vehicles=added.vehicles,
        added_a_week=added.vehicles_a_week if unknown else 0.0,
        decided=None if outcomes is None else outcome_score(as_aloud, outcomes),
        samples=tuple(_samples(worst[:SAMPLES], aloud)),
    )


def _samples(alerts: Sequence[Alert], aloud: Mapping[str, set[str]]) -> list[ShadowSample]:
    return [
        ShadowSample(
            alert.subject, alert.occurred_at, alert.severity, alert.score, alert.explanation,
            tuple(sorted(aloud.get(alert.subject, ()))),
        )
        for alert in alerts
    ]  # fmt: skip
