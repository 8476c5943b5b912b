"""`zeromile quality`: how good each detector is, from what people decided at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from streams.cli.console import errors, out, plain
from streams.cli.desk import Url, open_store

if TYPE_CHECKING:
    from streams.desk.quality import QualityRow


def quality(
    *,
    url: Url = None,
    by: Annotated[
        Literal["detector", "version", "severity", "province"],
        typer.Option(help="How decisions are put together."),
    ] = "detector",
    detector: Annotated[str | None, typer.Option(help="One detector only.")] = None,
    province: Annotated[str | None, typer.Option(help="One province only, CN-GD.")] = None,
) -> None:
    """Say how good each detector is, from what people decided.

    Right is what was confirmed or useful. Between `low` and `high` lies the share of right ones (95 %,
    Jeffreys). Suggestions name their numbers; nothing changes by itself.
    """
    from streams.cli.service_options import known_detector
    from streams.desk.quality import QualityQuestion
    from streams.desk.quality import quality as work_out

    engine = open_store(url)
    question = QualityQuestion(by=by, detector=known_detector(detector), province=province)
    try:
        with engine.connect() as connection:
            found = work_out(connection, question)
    finally:
        engine.dispose()
    if not found.rows:
        errors.print("nothing has been decided yet: zeromile desk")
    out.print(_table(found.rows, by))
    for suggestion in found.suggestions:
        errors.print(plain(f"{suggestion.detector}: {suggestion.sentence}"), soft_wrap=True)


def _table(rows: tuple[QualityRow, ...], by: str) -> Table:
    table = Table("detector")
    if by != "detector":
        table.add_column(by, justify="right" if by == "version" else "left")
    numbers = (
        "decided", "right", "precision", "low", "high", "confirmed", "useful", "false_alarm",
        "explained", "hours_to_look", "hours_to_decision",
    )  # fmt: skip
    for name in numbers:
        table.add_column(name, justify="right")
    for row in rows:
        share = row.share
        parts = [] if by == "detector" else [plain(row.part or "not stated")]
        counts = (row.confirmed, row.useful, row.false_alarm, row.explained)
        times = (row.hours_to_look, row.hours_to_decision)
        table.add_row(
            row.detector, *parts, str(share.decided), str(share.right),
            *(f"{value:.3f}" for value in (share.precision, share.low, share.high)),
            *map(str, counts), *("" if time is None else f"{time:.1f}" for time in times),
        )  # fmt: skip
    return table
