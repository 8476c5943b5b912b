"""What a backtest and a sweep came to, as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from streams.cli.console import plain

if TYPE_CHECKING:
    from rich.table import Table

    from detectors.alerts import Alert
    from streams.evaluation.shares import WilsonShare
    from streams.lab.backtest import Comparison, Labelled
    from streams.lab.loads import Load

_PARTIES: Final = 5
"""Parties that the table shows; the page shows more."""
_BY_TRUTH: Final = ("schemes, of the vehicles accused", "accused, of the schemes")
_BY_OUTCOMES: Final = ("right, of those decided", "said, of those found right")


def comparison_tables(comparison: Comparison) -> list[Table]:
    """What there is to look into, and what differs."""
    from rich.table import Table

    names = comparison.detectors
    of = "" if names is None else f", by {', '.join(names) or 'no detector: none differs'}"
    sides = Table("", "A", "B", title=f"What there is to look into{of}", title_justify="left")
    for load in _loads(comparison.load_a, comparison.load_b):
        sides.add_row(*load)
    if comparison.score_a is not None and comparison.score_b is not None:
        for row, other in zip(comparison.score_a.kinds, comparison.score_b.kinds, strict=True):
            sides.add_row(f"{row.kind} vehicles accused", _percent(row), _percent(other))
    if comparison.truth_a is not None and comparison.truth_b is not None:
        old, new = comparison.truth_a, comparison.truth_b
        sides.add_row(_BY_TRUTH[0], _interval(old.right), _interval(new.right))
        sides.add_row(_BY_TRUTH[1], _interval(old.found), _interval(new.found))
    if comparison.outcomes_a is not None and comparison.outcomes_b is not None:
        old, new = comparison.outcomes_a, comparison.outcomes_b
        sides.add_row(_BY_OUTCOMES[0], _interval(old.right), _interval(new.right))
        sides.add_row(_BY_OUTCOMES[1], _interval(old.found), _interval(new.found))
    changes = Table(
        "by", "", *comparison.changes, title="What differs (only B, only A, severity, words)",
        title_justify="left",
    )  # fmt: skip
    changes.add_row("all", "", *(f"{n:,}" for n in comparison.changes.values()))
    for label, values in comparison.by.items():
        for value, counts in values.items():
            cells = [f"{counts[kind]:,}" if kind in counts else "" for kind in comparison.changes]
            changes.add_row(label, value, *cells)
    for party in comparison.parties[:_PARTIES]:
        cells = [f"{party.changes[k]:,}" if k in party.changes else "" for k in comparison.changes]
        changes.add_row(party.role, plain(party.party), *cells)
    for table in (sides, changes):
        for column in table.columns[1 if table is sides else 2 :]:
            column.justify = "right"
    return [sides, changes]


def _percent(row: Any) -> str:
    return "" if row.accused.share is None else f"{100 * row.accused.share:.2f} %"


def _interval(share: WilsonShare) -> str:
    if share.low is None or share.high is None:
        return f"{share.count:,} of {share.of:,}"
    return f"{share.count:,} of {share.of:,} ({100 * share.low:.0f} to {100 * share.high:.0f} %)"


def _loads(a: Load, b: Load) -> list[tuple[str, str, str]]:
    return [
        ("alerts", f"{a.alerts:,}", f"{b.alerts:,}"),
        ("vehicles", f"{a.vehicles:,}", f"{b.vehicles:,}"),
        ("vehicles a week", f"{a.vehicles_a_week:g}", f"{b.vehicles_a_week:g}"),
    ]


def sweep_table(parameter: str, detector: str, *, truth: bool, outcomes: bool) -> Table:
    """The head of a sweep's table."""
    from rich.table import Table

    known = [*(_BY_TRUTH if truth else ()), *(_BY_OUTCOMES if outcomes else ())]
    table = Table(parameter, f"alerts of {detector}", "alerts", "vehicles", "vehicles a week", *known)
    for column in table.columns:
        column.justify = "right"
    return table


def sweep_row(
    value: float,
    detector: str,
    alerts: Mapping[str, Alert],
    labelled: Labelled | None,
    outcomes: dict[str, str] | None,
) -> list[str]:
    """One value of a sweep."""
    from streams.lab.backtest import scored
    from streams.lab.loads import load_of
    from streams.lab.side_scores import outcome_score, truth_score

    load, card = load_of(alerts), scored(alerts, labelled)
    own = sum(alert.detector == detector for alert in alerts.values())
    scores = [] if card is None else [truth_score(card)]
    scores += [] if outcomes is None else [outcome_score(alerts, outcomes)]
    return [
        f"{value:g}", f"{own:,}", f"{load.alerts:,}", f"{load.vehicles:,}", f"{load.vehicles_a_week:g}",
        *(_interval(share) for score in scores for share in (score.right, score.found)),
    ]  # fmt: skip
