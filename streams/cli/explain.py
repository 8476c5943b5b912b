"""`zeromile explain`: one vehicle's timeline, what fires, and what nearly does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from detectors.errors import ZeromileError
from streams.cli.console import fail, out
from streams.cli.replay import (
    Config,
    Files,
    ModelChoice,
    WatermarkTime,
    check_readable,
    parse_day,
    processors,
)

if TYPE_CHECKING:
    from detectors.alerts import Alert
    from streams.engine.dossier import Dossier


def explain(
    files: Files,
    *,
    vin: Annotated[str, typer.Option(help="The vehicle.")],
    config: Config = None,
    model: ModelChoice = None,
    watermark: WatermarkTime = None,
) -> None:
    """Show one vehicle: timeline, sales, alerts and near misses."""
    from detectors.registry import Catalogue
    from streams.backfill.backfill import Backfill, Means
    from streams.engine.dossier import dossier
    from streams.models.choice import choose_model
    from streams.setup.identities import decode_from_environment
    from streams.setup.policy import load_policy

    day = parse_day(watermark)
    check_readable(files, ledger=True)
    vin = vin.strip().upper()
    try:
        catalogue = Catalogue(load_policy(config), choose_model(model))
        decode = decode_from_environment(catalogue.policy.country)
        with Backfill(catalogue, decode=decode, means=Means(processors())) as run:
            run.read(files)
            if day is not None:
                run.watermarks.declare_complete(day)
            firing = run.judge_one(vin, day)
            history = run.histories([vin]).get(vin)
    except ZeromileError as error:
        fail(str(error))
    if history is None:
        fail(f"no document names the vehicle {vin}")
    show_dossier(dossier(catalogue, run.watermarks, history, firing))


def show_dossier(found: Dossier) -> None:
    """Print a dossier."""
    out.print(f"[bold]{escape(found.history.vin)}[/]")
    out.print(_timeline(found))
    out.print(_sales(found))
    out.print("[bold]Fires[/]" if found.firing else "[bold]Nothing fires[/]")
    for alert in sorted(found.firing, key=lambda alert: -alert.score):
        out.print(_alert_line(alert))
    for line in _quiet_lines(found):
        out.print(line)


def _timeline(found: Dossier) -> Table:
    from streams.engine.dossier import describe

    table = Table(title="Timeline", title_justify="left")
    for column in ("when", "what", "owner or exporter", "document", "revision"):
        table.add_column(column)
    for document in found.history.documents:
        holder = getattr(document, "owner_id", None) or getattr(document, "exporter_id", None)
        table.add_row(
            document.occurred_at,
            describe(document),
            escape(holder or ""),
            escape(f"{document.source}/{document.event_id}"),
            str(document.revision),
        )
    return table


def _sales(found: Dossier) -> Table:
    from detectors import civil_time

    table = Table(title="Sales derived", title_justify="left")
    for column in ("day", "kind", "seller", "buyer", "price"):
        table.add_column(column)
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
    from detectors import civil_time

    waiting = [
        f"  {detector}: waits until the {feed} feed is complete through {civil_time.day_text(last_day)}"
        for detector, feed, last_day in found.waiting
    ]
    near = [
        f"  {miss.finding.detector}: {miss.observed} {miss.unit} on {miss.finding.occurred_at}; "
        f"the limit is {miss.parameter} = {miss.threshold:g}"
        for miss in found.near
    ]
    return ["[bold]Nearly fires[/]", *waiting, *near] if waiting or near else []
