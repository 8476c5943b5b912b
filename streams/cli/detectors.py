"""`zeromile detectors`: what the catalogue holds, and one detector's spec in full."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from detectors.base import Parameters
from streams.cli.console import out
from streams.cli.replay import Rules
from streams.cli.service_options import detectors_like, one_of

app = typer.Typer(no_args_is_help=True, help="The catalogue of detectors.")


@app.command("list")
def list_detectors(
    *,
    markdown: Annotated[bool, typer.Option(help="Print a Markdown table, as in the README.")] = False,
    rules: Rules = None,
) -> None:
    """List every detector with its status, severities and what it says."""
    from streams.setup.policy import load_policy

    if markdown:
        typer.echo(markdown_table())
        return
    table = Table()
    for column in ("id", "status", "severities", "fires on"):
        table.add_column(column)
    for detector in load_policy(rules=rules).detectors.values():
        spec = detector.spec
        table.add_row(spec.id, spec.status, ", ".join(spec.severities), spec.description)
    out.print(table)


def markdown_table() -> str:
    """The catalogue as a Markdown table."""
    from detectors.registry import DECLARED

    rows = [
        f"| `{spec.id}` | {', '.join(spec.severities)} | {spec.description} |"
        for spec in (detector.spec for detector in DECLARED.values())
    ]
    return "\n".join(("| detector | severities | fires on |", "|---|---|---|", *rows))


@app.command("show")
def show_detector(
    detector_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            help="Id of the detector.",
            autocompletion=detectors_like,
        ),
    ],
    *,
    rules: Rules = None,
) -> None:
    """Show one detector: why, known gaps, look-alikes, runbook, parameters with legal ranges."""
    from detectors.base import Detector
    from streams.setup.policy import load_policy

    policy = load_policy(rules=rules)
    one_of(detector_id, policy.detectors, "detector")
    detector = policy.detectors[detector_id]
    spec = detector.spec
    out.print(f"[bold]{spec.title}[/]  ({spec.id}, version {spec.version}, {spec.status})\n")
    out.print(spec.description)
    for heading, text in (
        ("Abnormal because", spec.abnormal_because),
        ("Known gaps", spec.known_gaps),
        ("Look-alikes", spec.look_alikes),
    ):
        out.print(f"\n[bold]{heading}[/]\n{escape(text)}")
    if issubclass(detector, Detector):
        out.print("\n[bold]Looked at where[/] the documents of the vehicle hold")
        for words in spec.screen.words():
            out.print(f" - {escape(words)}")
    for heading, items in (("Runbook", spec.runbook), ("References", spec.references)):
        out.print(f"\n[bold]{heading}[/]")
        for number, item in enumerate(items, 1):
            out.print(f" {number}. {escape(item)}")
    out.print(_parameters(policy.parameters[detector_id]))


def _parameters(parameters: Parameters) -> Table:
    from detectors.type_text import allowed_values, field_types

    types = field_types(type(parameters))
    table = Table(title="Parameters", title_justify="left")
    for column in ("name", "value", "allowed"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for name, kind in types.items():
        value = getattr(parameters, name)
        table.add_row(name, escape(str(value)), escape(allowed_values(kind)))
    return table
