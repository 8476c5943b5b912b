"""`zeromile check`: what files of documents hold, before anybody judges them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import typer

from streams.cli.console import errors, out, plain
from streams.cli.exit_codes import WANTING
from streams.cli.feeding import FeedOption, documents_of
from streams.cli.replay import Config, Files, Workers, check_readable, processors

if TYPE_CHECKING:
    from rich.table import Table

    from streams.feeds.checking import StreamCheck

Counts = Mapping[str, int] | Mapping[str, str] | Mapping[str, int | str]


def check(
    files: Files, *, config: Config = None, feed: FeedOption = None, workers: Workers = None
) -> None:
    """Look at documents without judging them: coverage, unknown fields, refusals, numbers.

    Exit codes: 0 fine, 1 more than half of documents or rows are refused, 2 wrong use.
    """
    from streams.backfill.checking import check_files
    from streams.cli.progress import reading_progress
    from streams.feeds.checking import LineCheck, StreamCheck
    from streams.setup.policy import load_document_terms

    if feed is None:
        check_readable(files)
    history, country = load_document_terms(config)
    found = StreamCheck(history.words_for_no_car)
    with (
        documents_of(files, feed, country) as fed,
        reading_progress(fed.files, errors) as advance,
    ):
        check_files(
            fed.files, LineCheck(country), found, processes=workers or processors(), advance=advance
        )
    for table in check_tables(found):
        out.print(table)
    refused = found.refused.total() + fed.refused
    if refused > (found.read + fed.refused) / 2:
        raise typer.Exit(WANTING)


def check_tables(found: StreamCheck) -> Iterator[Table]:
    """Show what was counted; a table of nothing is left out."""
    yield _counts("Documents", ("", ""), _overview(found))
    if found.documents:
        yield _counts("Documents of a vehicle", ("documents", "vehicles"), found.per_vehicle)
    yield from _coverage(found)
    if found.unknown:
        yield _unknown(found)
    if found.refused:
        yield _refused(found)
    rest: tuple[tuple[str, tuple[str, str], dict[str, int]], ...] = (
        ("Optional values that are dropped", ("field", "documents"), dict(found.dropped)),
        ("Numbers that identify no car", ("number", "documents"), dict(found.no_cars.items())),
        ("Time zone offsets that are not the country's", ("offset", "times"), dict(found.offsets)),
    )
    for title, names, counts in rest:
        if counts:
            yield _counts(title, names, counts)


def _overview(found: StreamCheck) -> dict[str, int | str]:
    from detectors import civil_time

    vehicles = len(found.documents)
    days = {"first day": found.first_day, "last day": found.last_day}
    return {
        "read": found.read,
        **{f"accepted: {kind.replace('_', ' ')}": n for kind, n in found.accepted.items()},
        "refused": found.refused.total(),
        "vehicles": vehicles,
        **{name: civil_time.day_text(day) for name, day in days.items() if day is not None},
        "well-formed VINs": f"{found.well_formed / vehicles:.1%}" if vehicles else "-",
        "event ids under several VINs": len(found.reused),
        "dates precise to the month": found.month_precise,
    }


def _counts(
    title: str,
    names: tuple[str, str],
    counts: Mapping[str, int] | Mapping[str, str] | Mapping[str, int | str],
) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_header=any(names))
    table.add_column(names[0])
    table.add_column(names[1], justify="right")
    for name, count in counts.items():
        table.add_row(plain(name), f"{count:,}" if isinstance(count, int) else count)
    return table


def _coverage(found: StreamCheck) -> Iterator[Table]:
    from streams.feeds.contract import fields_of

    for kind, total in found.accepted.items():
        stated = found.stated(kind)
        counts = {field.name: f"{stated[field.name] / total:.1%}" for field in fields_of(kind)}
        yield _counts(f"Fields of {kind.replace('_', ' ')} documents", ("field", "stated"), counts)


def _unknown(found: StreamCheck) -> Table:
    from rich.table import Table

    table = Table(title="Fields that are not of the contract: ignored", title_justify="left")
    table.add_column("of")
    table.add_column("field")
    table.add_column("documents", justify="right")
    table.add_column("perhaps")
    for (kind, name), count in found.unknown.most_common():
        table.add_row(kind, plain(name), f"{count:,}", found.suggestion(kind, name))
    return table


def _refused(found: StreamCheck) -> Table:
    from rich.table import Table

    table = Table(title="Refused", title_justify="left")
    for name in ("reason", "documents", "first", "why"):
        table.add_column(name, justify="right" if name == "documents" else "left")
    for reason, count in found.refused.most_common():
        first, why = found.first_refused[reason]
        table.add_row(reason, f"{count:,}", plain(first), plain(why))
    return table
