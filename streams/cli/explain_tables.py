"""What is told of vehicles as tables for programs: one of each kind, over all vehicles asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table

from detectors import civil_time
from streams.cli.console import plain
from streams.engine.citing import reference
from streams.engine.dossier import Dossier, describe

Row = Iterable[object]


def dossier_tables(dossiers: Sequence[Dossier]) -> Iterator[Table]:
    """Timeline, sales, what fires and what nearly does."""
    yield _table(
        "Timeline",
        ("vehicle", "when", "what", "status", "document", "revision"),
        (row for found in dossiers for row in _documents(found)),
    )
    yield _table(
        "Sales derived",
        ("vehicle", "day", "kind", "seller", "buyer", "buyer type", "price"),
        (row for found in dossiers for row in _sales(found)),
    )
    yield _table(
        "Fires",
        ("vehicle", "detector", "severity", "score", "explanation", "rests on"),
        (row for found in dossiers for row in _firing(found)),
    )
    yield _table(
        "Nearly fires",
        ("vehicle", "detector", "why not"),
        (row for found in dossiers for row in _quiet(found)),
    )


def not_yet(found: Dossier) -> Iterator[tuple[str, str]]:
    """Detectors that wait or nearly fire, each with what keeps it."""
    for detector, feed, last_day in found.waiting:
        day = civil_time.day_text(last_day)
        yield detector, f"waits until the {feed} feed is complete through {day}"
    for miss in found.near:
        yield (
            miss.finding.detector,
            f"{miss.observed} {miss.unit} on {miss.finding.occurred_at}; "
            f"the limit is {miss.parameter} = {miss.threshold:g}",
        )


def _table(title: str, names: Iterable[str], rows: Iterable[Row]) -> Table:
    table = Table(*names, title=title, title_justify="left")
    for row in rows:
        table.add_row(*map(plain, row))
    return table


def _documents(found: Dossier) -> Iterator[Row]:
    for one in found.history.documents:
        where = reference(one)
        yield (
            found.history.vin,
            one.occurred_at,
            describe(one, found.country),
            one.status,
            where,
            one.revision,
        )


def _sales(found: Dossier) -> Iterator[Row]:
    for sale in found.sales:
        told = sale.seller or "", sale.buyer or "", sale.buyer_type or ""
        price = "" if sale.price_cny is None else f"{sale.price_cny:.2f}"
        yield found.history.vin, civil_time.day_text(sale.day), sale.kind, *told, price


def _firing(found: Dossier) -> Iterator[Row]:
    for alert in sorted(found.firing, key=lambda alert: -alert.score):
        rests_on = ", ".join(f"{each.source}/{each.event_id}" for each in alert.evidence)
        told = alert.detector, alert.severity, f"{alert.score:.4f}", alert.explanation, rests_on
        yield alert.subject, *told


def _quiet(found: Dossier) -> Iterator[Row]:
    for detector, why in not_yet(found):
        yield found.history.vin, detector, why
