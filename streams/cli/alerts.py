"""`zeromile alerts`: alerts from the alert topic."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Literal

import msgspec
import typer
from rich.table import Table

from detectors.alerts import Alert
from streams.cli.console import errors, out, plain, show_list
from streams.cli.service_options import (
    Bootstrap,
    detectors_like,
    kafka_errors_explained,
    known_detector,
    settings_or_exit,
)

app = typer.Typer(no_args_is_help=True, help="Read alerts from Kafka.")

Detector = Annotated[
    str | None,
    typer.Option(help="Only this detector.", callback=known_detector, autocompletion=detectors_like),
]
Severity = Annotated[
    Literal["low", "medium", "high", "critical"] | None, typer.Option(help="Only this severity.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
_decode = msgspec.json.Decoder(Alert).decode


@app.command("list")
def list_command(
    *,
    state: Annotated[
        Literal["firing", "resolved", "all"], typer.Option(help="Which alerts to list.")
    ] = "firing",
    detector: Detector = None,
    severity: Severity = None,
    json: Json = False,
    bootstrap: Bootstrap = None,
) -> None:
    """List the alerts as they stand, sorted by id."""
    from streams.kafka.reading import committed_reader, partitions_of, read_to_present_end
    from streams.service.layout import names_of

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    latest: dict[str, Alert] = {}
    with kafka_errors_explained(settings), committed_reader(settings) as consumer:
        partitions = partitions_of(consumer, names_of(settings).alerts)
        for record in read_to_present_end(consumer, partitions):
            alert = _decode(record.value)
            latest[alert.alert_id] = alert
    wanted = _filter(detector, severity)
    found = [
        alert for _, alert in sorted(latest.items()) if state in ("all", alert.state) and wanted(alert)
    ]
    nothing = f"none of the {len(latest):,} alerts on the topic is one of those asked for"
    if json:
        for alert in found:
            _print_json(alert)
        if not found:
            errors.print(nothing, highlight=False, soft_wrap=True)
        return
    table = Table("alert", "severity", "state", "detector", "subject", "occurred", "explanation")
    for a in found:
        said = (a.alert_id, a.severity, a.state, a.detector, a.subject, a.occurred_at, a.explanation)
        table.add_row(*map(plain, said))
    show_list(table, nothing)


@app.command("tail")
def tail_command(
    *,
    detector: Detector = None,
    severity: Severity = None,
    json: Json = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop after this many; default never.")
    ] = None,
    bootstrap: Bootstrap = None,
) -> None:
    """Print alert changes as they are published, until interrupted."""
    from streams.kafka.reading import committed_reader, follow, partitions_of
    from streams.service.layout import names_of

    settings = settings_or_exit(bootstrap_servers=bootstrap)
    wanted = _filter(detector, severity)
    with kafka_errors_explained(settings), committed_reader(settings) as consumer:
        partitions = partitions_of(consumer, names_of(settings).alerts)
        alerts = (_decode(record.value) for record in follow(consumer, partitions))
        for alert in islice(filter(wanted, alerts), limit):
            if json:
                _print_json(alert)
            else:
                out.print(
                    plain(
                        f"{alert.detected_at} {alert.severity} {alert.state} "
                        f"{alert.detector} {alert.subject}: {alert.explanation}"
                    ),
                    soft_wrap=True,
                    highlight=False,
                )


def _filter(detector: str | None, severity: str | None) -> Callable[[Alert], bool]:
    return lambda alert: detector in (None, alert.detector) and severity in (None, alert.severity)


def _print_json(alert: Alert) -> None:
    typer.echo(msgspec.json.encode(alert).decode())
