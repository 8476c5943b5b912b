"""How right alerts are: by what is true, and by what people decided where a case is closed."""

from collections.abc import Mapping
from typing import Final

import msgspec

from detectors.alerts import Alert
from streams.evaluation.kinds import SCHEMES
from streams.evaluation.score import Score
from streams.evaluation.shares import WilsonShare, share

_RIGHT: Final = frozenset({"confirmed", "useful"})


class SideScore(msgspec.Struct, frozen=True):
    """One side held against what is true, or was decided."""

    right: WilsonShare
    """Precision: of the vehicles that it accuses, the schemes; of its alerts whose case is closed,
    those that were confirmed or useful."""
    found: WilsonShare
    """Recall: of all schemes, those that it accuses; of all alerts that were confirmed or useful, those
    that it says."""


def truth_score(score: Score) -> SideScore:
    """Precision and recall of accusations, where the truth is known."""
    accused = sum(row.accused.count for row in score.kinds)
    schemes = [row for row in score.kinds if row.kind in SCHEMES]
    right = sum(row.accused.count for row in schemes)
    return SideScore(share(right, accused), share(right, sum(row.vehicles for row in schemes)))


def outcome_score(alerts: Mapping[str, Alert], outcomes: Mapping[str, str]) -> SideScore:
    """Hold alerts that are not on trial against what was decided."""
    said = {name for name, alert in alerts.items() if not alert.shadow}
    right = {name for name, outcome in outcomes.items() if outcome in _RIGHT}
    return SideScore(
        right=share(len(said & right), len(said & outcomes.keys())),
        found=share(len(said & right), len(right)),
    )
