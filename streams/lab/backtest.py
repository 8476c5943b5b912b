"""The same documents judged by two policies or models, and what that changes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec

from detectors.alerts import Alert
from detectors.errors import ZeromileError
from streams.evaluation import ObservedRun, Register, Score, Truth, score
from streams.evaluation.observing import AlertChange
from streams.lab.difference import AlertDifference, Change, counted, differences
from streams.lab.outcomes import SideScore, outcome_score, truth_score
from streams.lab.parties import PartyDifference

BY: Final = ("detector", "severity", "province", "brand")
"""By what the differences are counted."""
_DATE: Final = len("2025-01-01")


class BacktestError(ZeromileError):
    """Two sides that cannot be compared."""


class Load(msgspec.Struct, frozen=True):
    """What one side asks of those who look into alerts; detectors on trial are left out."""

    alerts: int
    vehicles: int
    vehicles_a_week: float
    """Over the weeks from the first alert's event to the last one's."""


class Comparison(msgspec.Struct, frozen=True):
    """What a change of policy or model would change."""

    changes: dict[Change, int]
    by: dict[str, dict[str, dict[Change, int]]]
    load_a: Load
    load_b: Load
    detectors: list[str] | None = None
    """Whose alerts are compared and counted; ``None`` for all."""
    parties: tuple[PartyDifference, ...] = ()
    """Whom the documents name on which the differing alerts rest, the first of them."""
    score_a: Score | None = None
    score_b: Score | None = None
    """Where the truth is known."""
    truth_a: SideScore | None = None
    truth_b: SideScore | None = None
    """The same in two figures."""
    outcomes_a: SideScore | None = None
    outcomes_b: SideScore | None = None
    """Where people have decided."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is true about the documents."""

    truth: Truth
    register: Register


def compare(
    before: Mapping[str, Alert],
    after: Mapping[str, Alert],
    labelled: Labelled | None = None,
    outcomes: Mapping[str, str] | None = None,
) -> tuple[Comparison, list[AlertDifference]]:
    """Set two sets of firing alerts side by side."""
    found = list(differences(before, after))
    changes = Counter(one.change for one in found)
    score_a, score_b = scored(before, labelled), scored(after, labelled)
    comparison = Comparison(
        changes={change: changes[change] for change in ("new", "gone", "severity", "words")},
        by={
            label: {value: dict(counts) for value, counts in counted(found, label).items()}
            for label in BY
        },
        load_a=load_of(before),
        load_b=load_of(after),
        score_a=score_a,
        score_b=score_b,
        truth_a=None if score_a is None else truth_score(score_a),
        truth_b=None if score_b is None else truth_score(score_b),
        outcomes_a=None if outcomes is None else outcome_score(before, outcomes),
        outcomes_b=None if outcomes is None else outcome_score(after, outcomes),
    )
    return comparison, found


def within(alerts: Mapping[str, Alert], first: int | None, last: int | None) -> dict[str, Alert]:
    """Alerts whose event lies in a period of civil days, both included; whole histories were judged."""
    return {
        name: alert
        for name, alert in alerts.items()
        if (first is None or first <= _ordinal(alert)) and (last is None or _ordinal(alert) <= last)
    }


def load_of(alerts: Mapping[str, Alert]) -> Load:
    """How much there is to look into."""
    aloud = [alert for alert in alerts.values() if not alert.shadow]
    vehicles = {alert.subject for alert in aloud if alert.subject_type == "vehicle"}
    days = sorted(_ordinal(alert) for alert in aloud)
    weeks = (days[-1] - days[0] + 7) / 7 if days else 1.0
    return Load(len(aloud), len(vehicles), round(len(vehicles) / weeks, 2))


def scored(alerts: Mapping[str, Alert], labelled: Labelled | None) -> Score | None:
    """How right alerts are, where that is known."""
    if labelled is None:
        return None
    seen = ObservedRun()
    for alert in alerts.values():
        seen.take(
            AlertChange(
                alert.alert_id, alert.detector, alert.subject_type, alert.subject, alert.state,
                alert.occurred_at, alert.severity, alert.score, alert.shadow,
            ),
            None,
        )  # fmt: skip
    return score(labelled.truth, seen, labelled.register)


def _ordinal(alert: Alert) -> int:
    return date.fromisoformat(alert.occurred_at[:_DATE]).toordinal()
