"""The same documents judged by two policies or models, and what that changes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import msgspec

from detectors.alerts import Alert
from detectors.errors import ZeromileError
from detectors.identities import Decode
from detectors.registry import Catalogue
from streams.backfill.backfill import Backfill, Means
from streams.evaluation import ObservedRun, Register, Score, Truth, score
from streams.evaluation.observing import AlertChange
from streams.lab.difference import AlertDifference, Change, counted, differences

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
    score_a: Score | None = None
    score_b: Score | None = None
    """Where the truth is known."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is true about the documents."""

    truth: Truth
    register: Register


def firing(
    files: Sequence[Path],
    catalogue: Catalogue,
    decode: Decode,
    means: Means,
    complete_through: int | None,
) -> dict[str, Alert]:
    """Alerts that fire at the end of the documents, by id."""
    with Backfill(catalogue, None, decode, means=means) as run:
        return dict(run.run(files, complete_through=complete_through).firing)


def compare(
    before: Mapping[str, Alert], after: Mapping[str, Alert], labelled: Labelled | None = None
) -> tuple[Comparison, list[AlertDifference]]:
    """Set two sets of firing alerts side by side."""
    found = list(differences(before, after))
    changes = Counter(one.change for one in found)
    comparison = Comparison(
        changes={change: changes[change] for change in ("new", "gone", "severity", "words")},
        by={
            label: {value: dict(counts) for value, counts in counted(found, label).items()}
            for label in BY
        },
        load_a=load_of(before),
        load_b=load_of(after),
        score_a=scored(before, labelled),
        score_b=scored(after, labelled),
    )
    return comparison, found


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
