"""The score card as tables for people."""

from collections.abc import Iterator
from typing import Final

from rich.table import Table

from streams.evaluation.score import Delay, Score

MOST_NAMED: Final = 4


def score_tables(score: Score) -> Iterator[Table]:
    """All tables of a score card, the most asked for first."""
    yield _detectors(score)
    yield _schemes(score)
    yield _look_alikes(score)
    if score.spikes:
        yield _spikes(score)
    if score.unusual:
        yield _unusual(score)
    if score.missed:
        yield _missed(score)
    if score.wrong:
        yield _wrong(score)
    if score.refusals is not None:
        yield _refusals(score)


def _table(title: str, *columns: str, words: int = 1) -> Table:
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < words else "right")
    return table


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"


def _count(value: int) -> str:
    return f"{value:,}" if value else ""


def _delay(value: Delay | None) -> str:
    return "" if value is None else f"{value.median:g} / {value.p95:g}"


def _detectors(score: Score) -> Table:
    table = _table(
        "Detectors (vehicles; delays in days, median / 95 %)",
        "detector", "provable", "found", "recall", "firing", "wrong", "documents lost",
        "precision", "withdrawn", "after provable", "after last document",
    )  # fmt: skip
    for row in score.detectors:
        table.add_row(
            row.detector, _count(row.expected), _count(row.found), _percent(row.recall),
            _count(row.firing), _count(row.wrong), _count(row.wrong_for_lost_documents),
            _percent(row.precision), _count(row.withdrawn), _delay(row.since_provable),
            _delay(row.since_visible),
        )  # fmt: skip
    return table


def _schemes(score: Score) -> Table:
    table = _table(
        "Schemes", "scheme", "vehicles", "provable", "found", "recall", "all its alerts", "recall"
    )
    for row in score.schemes:
        table.add_row(
            row.scheme, _count(row.vehicles), _count(row.provable), _count(row.found),
            _percent(row.recall), _count(row.expected_alerts), _percent(row.recall_alerts),
        )  # fmt: skip
    return table


def _look_alikes(score: Score) -> Table:
    table = _table(
        "Look-alikes (vehicles that must be left alone)",
        "class", "vehicles", "accused", "rate", "documents lost", "cleared again", "neither",
        "by detector",
    )  # fmt: skip
    for row in score.look_alikes:
        detectors = ", ".join(f"{name} {count}" for name, count in row.by_detector.items())
        table.add_row(
            row.look_alike, _count(row.vehicles), _count(row.accused), _percent(row.rate),
            _count(row.accused_for_lost_documents), _count(row.withdrawn), _count(row.tolerated),
            detectors,
        )  # fmt: skip
    return table


def _spikes(score: Score) -> Table:
    table = _table(
        "Provincial spikes", "detector", "spikes", "found", "recall", "alerts", "wrong",
        "of these in a rush", "precision", "days to detection", "missed", "outside",
    )  # fmt: skip
    for row in score.spikes:
        table.add_row(
            row.detector, _count(row.spikes), _count(row.found), _percent(row.recall),
            _count(row.alerts), _count(row.wrong), _count(row.wrong_in_rush),
            _percent(row.precision), _delay(row.days_to_detection), _some(row.missed),
            _some(row.outside),
        )  # fmt: skip
    return table


def _some(texts: tuple[str, ...]) -> str:
    more = len(texts) - MOST_NAMED
    return ", ".join(texts[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _unusual(score: Score) -> Table:
    table = _table(
        "Unusual by the model (no truth says what is unusual: shares, not errors)",
        "detector", "kind", "class", "vehicles", "flagged", "share", words=3,
    )  # fmt: skip
    for row in score.unusual:
        table.add_row(
            row.detector, row.kind, row.label, _count(row.vehicles), _count(row.flagged),
            _percent(row.rate),
        )  # fmt: skip
    return table


def _missed(score: Score) -> Table:
    table = _table(
        "Missed, by reason", "reason", "detector", "class", "vehicles", "for example", words=3
    )
    for row in score.missed:
        table.add_row(
            row.reason, row.detector, row.label, _count(row.count), ", ".join(row.examples[:2])
        )
    return table


def _wrong(score: Score) -> Table:
    table = _table("Wrong alerts", "detector", "class", "documents", "vehicles", "for example", words=3)
    for row in score.wrong:
        documents = "some lost" if row.documents_lost else "complete"
        table.add_row(
            row.detector, row.label, documents, _count(row.count), ", ".join(row.examples[:2])
        )
    return table


def _refusals(score: Score) -> Table:
    table = _table("Unreadable lines", "what is wrong", "lines", "refused as", words=1)
    assert score.refusals is not None  # noqa: S101 - only called where there are some
    for reason, refused in score.refusals.by_reason.items():
        how = ", ".join(f"{name} {count}" for name, count in refused.items())
        table.add_row(reason, _count(sum(refused.values())), how)
    table.add_row("nothing", _count(score.refusals.refused_wrongly), "refused although readable")
    return table
