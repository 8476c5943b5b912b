"""The same documents judged by two policies or models, and what that changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from detectors.alerts import Alert
from detectors.errors import ZeromileError
from streams.evaluation.score import Score
from streams.lab.difference import KINDS, Change, DifferenceRow, counted
from streams.lab.loads import Load
from streams.lab.parties import PartyCounts, PartyDifference, parties_of
from streams.lab.side_scores import SideScore, outcome_score, truth_score

if TYPE_CHECKING:  # what half a second imports, and only a run with truth needs
    from streams.evaluation.baselines import Register
    from streams.evaluation.truth import Truth

BY: Final = ("detector", "severity", "province", "brand")
"""By what the differences are counted."""


class BacktestError(ZeromileError):
    """Two sides that cannot be compared."""


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
    rows: Sequence[DifferenceRow],
    loads: tuple[Load, Load],
    *,
    parties: PartyCounts | None = None,
    detectors: list[str] | None = None,
) -> Comparison:
    """Count differences.

    Parameters
    ----------
    rows
        The differences, by alert id.
    loads
        Of A and of B.
    parties
        Whom they concern, where that is known.
    detectors
        Whose alerts were compared, ``None`` for all.
    """
    changes = Counter(one.change for one in rows)
    return Comparison(
        changes={change: changes[change] for change in KINDS},
        by={label: counted(rows, label) for label in BY},
        load_a=loads[0],
        load_b=loads[1],
        detectors=detectors,
        parties=tuple(parties_of(parties or Counter())),
    )


def with_scores(
    comparison: Comparison,
    before: Mapping[str, Alert],
    after: Mapping[str, Alert],
    labelled: Labelled | None,
    outcomes: Mapping[str, str] | None,
) -> Comparison:
    """Hold all alerts of both sides against what is true, and what was decided, where that is known."""
    score_a, score_b = scored(before, labelled), scored(after, labelled)
    return msgspec.structs.replace(
        comparison,
        score_a=score_a,
        score_b=score_b,
        truth_a=None if score_a is None else truth_score(score_a),
        truth_b=None if score_b is None else truth_score(score_b),
        outcomes_a=None if outcomes is None else outcome_score(before, outcomes),
        outcomes_b=None if outcomes is None else outcome_score(after, outcomes),
    )


def scored(alerts: Mapping[str, Alert], labelled: Labelled | None) -> Score | None:
    """How right alerts are, where that is known."""
    if labelled is None:
        return None
    from streams.evaluation.observing import AlertChange, ObservedRun  # noqa: PLC0415 - as above
    from streams.evaluation.scoring import score  # noqa: PLC0415 - as above

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
