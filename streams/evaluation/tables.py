"""The score card as tables for people."""

from collections.abc import Iterator
from typing import Final

from rich.table import Table

from streams.evaluation.kinds import SCHEMES
from streams.evaluation.score import Score
from streams.evaluation.shares import Delay, WilsonShare

MOST_NAMED: Final = 4


def score_tables(score: Score) -> Iterator[Table]:
    """All tables of a score card, the most asked for first."""
    yield _kinds(score)
    yield _stories(score)
    yield _detectors(score)
    yield _orders(score)
    if score.spikes:
        yield _spikes(score)
    if score.refusals is not None:
        yield _refusals(score)


def _table(title: str, *columns: str, words: int = 1) -> Table:
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < words else "right")
    return table


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f} %"


def _interval(value: WilsonShare) -> str:
    return "" if value.low is None else f"{100 * value.low:.1f}–{100 * (value.high or 0):.1f}"


def _count(value: int) -> str:
    return f"{value:,}" if value else ""


def _delay(value: Delay | None) -> str:
    return "" if value is None else f"{value.median:g} / {value.p95:g}"


def _kinds(score: Score) -> Table:
    loads = ", ".join(f"{rate:g} {name}" for name, rate in score.alerts_per_thousand.items())
    title = f"Who is accused (alert not on trial, medium or above); alerts per 1,000 vehicles: {loads}"
    table = _table(title, "kind", "vehicles", "accused", "share", "95 %", "share, documents complete")
    for row in score.kinds:
        table.add_row(
            row.kind, _count(row.vehicles), _count(row.accused.count), _percent(row.accused.share),
            _interval(row.accused), _percent(row.accused_complete.share),
        )  # fmt: skip
    rate = score.at_base_rate
    table.add_row(
        f"precision where {100 * rate.base_rate:g} % are schemes", "", "", _percent(rate.precision),
        "" if rate.low is None else f"{100 * rate.low:.1f}–{100 * (rate.high or 0):.1f}", "",
    )  # fmt: skip
    return table


def _stories(score: Score) -> Table:
    table = _table(
        "By class (days from first document to first accusation, median / 95 %)",
        "kind", "class", "vehicles", "accused", "share", "95 %", "complete", "mentioned", "days",
        "told by", "missed or wrongly accused", words=2,
    )  # fmt: skip
    for row in score.stories:
        told = [f"{name} {count:,}" for name, count in row.told_by.items()]
        table.add_row(
            row.kind, row.story, _count(row.vehicles), _count(row.accused.count),
            _percent(row.accused.share), _interval(row.accused), _percent(row.accused_complete.share),
            _count(row.mentioned), _delay(row.days), _some(tuple(told)),
            ", ".join(row.examples[:2]),
        )  # fmt: skip
    return table


def _detectors(score: Score) -> Table:
    table = _table(
        "Detectors: how many of the vehicles they speak of are schemes",
        "detector", "severity", "alerts", "vehicles", "precision", "95 %", "complete", "others",
        words=2,
    )  # fmt: skip
    for row in score.detectors:
        others = [f"{kind} {count:,}" for kind, count in row.by_kind.items() if kind not in SCHEMES]
        table.add_row(
            row.detector + (" (on trial)" if row.on_trial else ""), row.severity, _count(row.alerts),
            _count(row.right.of), _percent(row.right.share), _interval(row.right),
            _percent(row.right_complete.share), ", ".join(others),
        )  # fmt: skip
    return table


def _orders(score: Score) -> Table:
    load = score.vehicles_accused_a_week
    title = "Of the first so many vehicles, how many are schemes"
    table = _table(
        title if load is None else f"{title}; {load:g} vehicles accused a week",
        "order", "first", "schemes", "share", "95 %",
    )  # fmt: skip
    for row in score.budgets:
        table.add_row(
            row.order, _count(row.budget), _count(row.right.count), _percent(row.right.share),
            _interval(row.right),
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


def _refusals(score: Score) -> Table:
    table = _table("Unreadable lines", "what is wrong", "lines", "refused as", words=1)
    assert score.refusals is not None  # noqa: S101 - only called where there are some
    for reason, refused in score.refusals.by_reason.items():
        how = ", ".join(f"{name} {count}" for name, count in refused.items())
        table.add_row(reason, _count(sum(refused.values())), how)
    table.add_row("nothing", _count(score.refusals.refused_wrongly), "refused although readable")
    return table
