"""`zeromile explain`: one vehicle's timeline, what fires, and what nearly does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from streams.cli.console import errors, fail, out, plain
from streams.cli.replay import (
    Config,
    Files,
    Force,
    ModelChoice,
    Rules,
    WatermarkTime,
    check_readable,
    parse_day,
    processors,
)
from streams.setup.outputs import Outputs

if TYPE_CHECKING:
    from detectors.alerts import Alert
    from detectors.country import Country
    from detectors.documents import Document
    from streams.backfill.outputs import RefusedLine
    from streams.engine.dossier import Dossier


def explain(
    files: Files,
    *,
    vin: Annotated[list[str], typer.Option(help="A vehicle; may be given several times.")],
    config: Config = None,
    model: ModelChoice = None,
    rules: Rules = None,
    watermark: WatermarkTime = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print everything as JSON, a list with one entry a vehicle.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page that prints well.")
    ] = None,
    force: Force = False,
) -> None:
    """Show one vehicle: timeline, sales, alerts, near misses, and refused documents that name it."""
    from streams.cli.explain_tables import dossier_tables
    from streams.engine.citing import as_data

    with Outputs({"--html": html}, [*files, config], force=force) as places:
        dossiers = _dossiers(files, vin, (config, rules), model, watermark)
        if html is not None:
            _write_page(dossiers, places.path("--html"))
    if html is not None:
        errors.print(plain(f"{html}: {len(dossiers)} vehicles"))
    if as_json:
        typer.echo(json.dumps(list(map(as_data, dossiers)), indent=2, ensure_ascii=False, default=str))
    if as_json or html is not None:
        return
    if out.format != "table":
        for table in dossier_tables(dossiers):
            out.print(table)
    else:
        for found in dossiers:
            show_dossier(found)


def _dossiers(
    files: list[Path],
    vins: list[str],
    policy: tuple[Path | None, Path | None],
    model: str | None,
    watermark: str | None,
) -> list[Dossier]:
    from detectors.registry import Catalogue
    from streams.backfill.backfill import Backfill, Means
    from streams.engine.dossier import dossier
    from streams.models.choice import choose_model
    from streams.setup.identities import decode_from_environment
    from streams.setup.policy import load_policy

    check_readable(files, ledger=True)
    names = list(dict.fromkeys(name.strip().upper() for name in vins))
    catalogue = Catalogue(load_policy(policy[0], rules=policy[1]), choose_model(model))
    country = catalogue.policy.country
    decode, day = decode_from_environment(country), parse_day(watermark, country)
    with Backfill(catalogue, decode=decode, means=Means(processors())) as run:
        run.read(files, lambda refused: _tell_refused(refused, names))
        if day is not None:
            run.watermarks.declare_complete(day)
        histories = run.histories(names)
        of_no_car = [name for name, known in histories.items() if catalogue.is_no_car(known)]
        if of_no_car:
            fail(f"{', '.join(of_no_car)} identifies no car: its documents are joined to no vehicle")
        unknown = [name for name in names if name not in histories]
        if unknown:
            fail(f"no document names the vehicle {', '.join(unknown)}, or none that counts")
        return [
            dossier(catalogue, run.watermarks, histories[name], run.judge_one(name, day))
            for name in names
        ]


def _tell_refused(refused: RefusedLine, names: list[str]) -> None:
    """Say of a refused line that names one of the vehicles why it does not count."""
    if any(name.encode() in refused.line.value.upper() for name in names):
        place = f"{refused.line.file}, line {refused.line.number}"
        errors.print(plain(f"refused: {place}: {refused.error}"), soft_wrap=True)


def _write_page(dossiers: list[Dossier], path: Path) -> None:
    from datetime import UTC, datetime

    from streams.engine.citing import as_case
    from streams.evidence.case_page import case_page

    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    path.write_text(case_page(as_case(dossiers, made_at)), "utf-8")


def show_dossier(found: Dossier) -> None:
    """Print a dossier; nothing in it is cut, however narrow the terminal is."""
    numbers = {
        (document.source, document.event_id): number
        for number, document in enumerate(found.history.documents, 1)
    }
    out.print(f"[bold]{escape(found.history.vin)}[/]")
    out.print("[bold]Timeline[/]")
    for number, document in enumerate(found.history.documents, 1):
        _show_document(number, document, found.country)
    out.print(_sales(found))
    out.print("[bold]Fires[/]" if found.firing else "[bold]Nothing fires[/]")
    for alert in sorted(found.firing, key=lambda alert: -alert.score):
        out.print(_alert_line(alert), soft_wrap=True)
        rests_on = [
            f"[{numbers.get((each.source, each.event_id), '?')}] {each.source}/{each.event_id}"
            for each in alert.evidence
        ]
        out.print(plain(f"           rests on {', '.join(rests_on)}"), soft_wrap=True)
    for line in _quiet_lines(found):
        out.print(line)


def _show_document(number: int, document: Document, country: Country) -> None:
    from streams.engine.citing import citations, reference
    from streams.engine.dossier import describe

    cited = "; ".join(f"{word} {value}" for word, value in citations(document).items())
    void = "withdrawn: " if document.is_void else ""
    out.print(
        plain(f"  [{number}] {document.occurred_at}  {void}{describe(document, country)}"),
        soft_wrap=True,
    )
    place = f"{reference(document)}, revision {document.revision}"
    out.print(plain(f"      {'; '.join(filter(None, (place, cited)))}"), soft_wrap=True)


def _sales(found: Dossier) -> Table:
    from detectors import civil_time

    table = Table(title="Sales derived", title_justify="left")
    for column in ("day", "kind", "seller", "buyer", "price"):
        table.add_column(column, justify="right" if column == "price" else "left")
    for sale in found.sales:
        price = "" if sale.price_cny is None else f"{sale.price_cny:,.0f}"
        buyer = f"{sale.buyer or '?'} ({sale.buyer_type or '?'})"
        table.add_row(
            civil_time.day_text(sale.day), sale.kind, escape(sale.seller or "?"), escape(buyer), price
        )
    return table


def _alert_line(alert: Alert) -> str:
    from streams.cli.summary import SEVERITY_STYLE

    style = SEVERITY_STYLE[alert.severity]
    return (
        f"  [{style}]{alert.severity:<8}[/] [bold]{alert.title}[/] ({alert.detector}, "
        f"score {alert.score:.2f}): {escape(alert.explanation)}"
    )


def _quiet_lines(found: Dossier) -> list[str]:
    from streams.cli.explain_tables import not_yet

    lines = [f"  {detector}: {why}" for detector, why in not_yet(found)]
    return ["[bold]Nearly fires[/]", *lines] if lines else []
