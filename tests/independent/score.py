"""Alerts beside the truth: who was told, who was accused wrongly, and how sure either figure is."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from scipy.stats import binomtest

from tests.independent.truth import Truth

SEVERITIES: Final = ("low", "medium", "high", "critical")
BUDGETS: Final = (100, 400, 1_000)
"""How many vehicles somebody has the time to look into."""
LABELS: Final = ("known", "scheme", "innocent", "ordinary")


@dataclass(frozen=True)
class Alert:
    """What scoring needs of an alert."""

    detector: str
    severity: str
    vehicle: str
    score: float
    shadow: bool

    @property
    def accuses(self) -> bool:
        """Whether it says aloud, and not in passing, that something is wrong."""
        return not self.shadow and self.severity != "low"


@dataclass(frozen=True)
class Share:
    """So many of so many, with the 95 % interval of Wilson."""

    of_them: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share, or ``None`` of nothing."""
        return self.of_them / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true share lies, in 95 of 100 such countries."""
        if not self.whole:
            return None
        low, high = binomtest(self.of_them, self.whole).proportion_ci(method="wilson")
        return float(low), float(high)

    def plain(self) -> dict[str, object]:
        """The share as JSON."""
        return {"count": self.of_them, "of": self.whole, "share": self.value, "interval": self.interval}


@dataclass(frozen=True)
class ClassScore:
    """What alerts say of the vehicles of one story."""

    label: str
    story: str
    accused: Share
    """With an alert that is not in the shadow, at medium or above."""
    mentioned: Share
    """With any alert that is not in the shadow."""
    told_by: list[tuple[str, int]]
    """Detectors that accuse, and how many of the vehicles."""


@dataclass(frozen=True)
class DetectorScore:
    """How often a detector is right at one severity."""

    detector: str
    severity: str
    shadow: bool
    alerts: int
    right: Share
    by_label: dict[str, int]


@dataclass(frozen=True)
class Score:
    """All figures of one run."""

    vehicles: dict[str, int]
    labels: dict[str, Share]
    classes: list[ClassScore]
    detectors: list[DetectorScore]
    per_thousand: dict[str, float]
    """Alerts per 1,000 vehicles, shadow ones left out, by severity."""
    budgets: dict[str, dict[int, Share]]
    """By the order in which vehicles are looked at: how many of the first hundred … are schemes."""
    within_a_week: Share | None
    """Of the used exports within seven days of the first registration: how many are schemes."""

    def plain(self) -> dict[str, object]:
        """All figures as JSON."""
        return {
            "vehicles": self.vehicles,
            "accused_by_label": {label: share.plain() for label, share in self.labels.items()},
            "classes": [
                vars(one) | {"accused": one.accused.plain(), "mentioned": one.mentioned.plain()}
                for one in self.classes
            ],
            "detectors": [vars(one) | {"right": one.right.plain()} for one in self.detectors],
            "alerts_per_1000_vehicles": self.per_thousand,
            "budgets": {
                order: {str(budget): share.plain() for budget, share in shares.items()}
                for order, shares in self.budgets.items()
            },
            "baseline_within_a_week": self.within_a_week and self.within_a_week.plain(),
        }


def read_alerts(path: Path) -> list[Alert]:
    """The firing alerts on vehicles, as ``zeromile replay --final`` writes them."""
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines if line.strip()]
    return [
        Alert(
            row["detector"], row["severity"], row["subject"], float(row["score"]), bool(row["shadow"])
        )
        for row in rows
        if row["subject_type"] == "vehicle" and row["state"] == "firing"
    ]


def scored(
    alerts: Sequence[Alert], truth: Mapping[str, Truth], ages: Mapping[str, int] | None = None
) -> Score:
    """Score alerts; with ``ages`` (days from registration to used export) naive baselines stand beside.

    Raises
    ------
    ValueError
        If an alert names a vehicle that the truth does not know.
    """
    strangers = {alert.vehicle for alert in alerts} - truth.keys()
    if strangers:
        raise ValueError(
            f"{len(strangers)} vehicles with alerts are not in the truth; one is {min(strangers)}"
        )
    accused = {alert.vehicle for alert in alerts if alert.accuses}
    aloud = [alert for alert in alerts if not alert.shadow]
    severities = Counter(alert.severity for alert in aloud)
    orders = {"alerts by score": by_score(alerts)}
    if ages is not None:
        orders["youngest export first"] = sorted(
            ages, key=lambda vehicle: (ages[vehicle], _lot(vehicle))
        )
    week = None if ages is None else [vehicle for vehicle, days in ages.items() if days <= 7]
    return Score(
        vehicles=dict(Counter(one.label for one in truth.values())),
        labels=_by_label(accused, truth),
        classes=_by_class(alerts, accused, truth),
        detectors=_by_detector(alerts, truth),
        per_thousand={one: 1_000 * severities[one] / len(truth) for one in SEVERITIES}
        | {"all": 1_000 * len(aloud) / len(truth)},
        budgets={
            order: {budget: _right(vehicles[:budget], truth) for budget in BUDGETS}
            for order, vehicles in orders.items()
        },
        within_a_week=None if week is None else _right(week, truth),
    )


def by_score(alerts: Iterable[Alert]) -> list[str]:
    """Vehicles, the one with the worst alert first; equals in an order that means nothing."""
    worst: dict[str, float] = defaultdict(float)
    for alert in alerts:
        if not alert.shadow:
            worst[alert.vehicle] = max(worst[alert.vehicle], alert.score)
    return sorted(worst, key=lambda vehicle: (-worst[vehicle], _lot(vehicle)))


def _lot(vehicle: str) -> bytes:
    return blake2b(vehicle.encode(), digest_size=8).digest()


def _right(vehicles: Collection[str], truth: Mapping[str, Truth]) -> Share:
    return Share(sum(truth[vehicle].is_scheme for vehicle in vehicles), len(vehicles))


def _by_label(accused: Collection[str], truth: Mapping[str, Truth]) -> dict[str, Share]:
    whole = Counter(one.label for one in truth.values())
    told = Counter(truth[vehicle].label for vehicle in accused)
    return {label: Share(told[label], whole[label]) for label in LABELS}


def _by_class(
    alerts: Iterable[Alert], accused: Collection[str], truth: Mapping[str, Truth]
) -> list[ClassScore]:
    whole = Counter((one.label, one.story) for one in truth.values())
    told = Counter(truth[vehicle][1:3] for vehicle in accused)
    mentioned = Counter(truth[v][1:3] for v in {alert.vehicle for alert in alerts if not alert.shadow})
    detectors: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for vehicle, detector in {(alert.vehicle, alert.detector) for alert in alerts if alert.accuses}:
        detectors[truth[vehicle][1:3]][detector] += 1
    return [
        ClassScore(
            *one,
            Share(told[one], whole[one]),
            Share(mentioned[one], whole[one]),
            sorted(detectors[one].items(), key=lambda item: (-item[1], item[0])),
        )
        for one in sorted(whole, key=lambda key: (LABELS.index(key[0]), key[1]))
    ]


def _by_detector(alerts: Iterable[Alert], truth: Mapping[str, Truth]) -> list[DetectorScore]:
    groups: dict[tuple[str, int, bool], list[str]] = defaultdict(list)
    for alert in alerts:
        groups[alert.detector, SEVERITIES.index(alert.severity), alert.shadow].append(alert.vehicle)
    return [
        DetectorScore(
            detector,
            SEVERITIES[severity],
            shadow,
            len(vehicles),
            _right(set(vehicles), truth),
            dict(Counter(truth[vehicle].label for vehicle in set(vehicles))),
        )
        for (detector, severity, shadow), vehicles in sorted(groups.items())
    ]
