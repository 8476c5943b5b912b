"""`zeromile schema`: the document contract."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from streams.cli.console import out


def schema(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON Schema.")] = False,
    example: Annotated[bool, typer.Option(help="Print one full document of each type.")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown tables.")] = False,
    as_asyncapi: Annotated[
        bool, typer.Option("--asyncapi", help="Print the topics, alerts too, as AsyncAPI 3.0.")
    ] = False,
) -> None:
    """Tell which fields documents have, and what each allows."""
    from rich.table import Table

    from detectors.wire import WIRE_TYPES
    from streams.feeds.contract import examples, fields_of, json_schema, markdown

    if as_json + example + as_markdown + as_asyncapi > 1:
        raise typer.BadParameter("give one of --json, --example, --markdown and --asyncapi")
    if as_json:
        typer.echo(json.dumps(json_schema(), indent=2))
    elif as_asyncapi:
        from streams.kafka.asyncapi import asyncapi

        typer.echo(json.dumps(asyncapi(), indent=1, ensure_ascii=False))
    elif example:
        for document in examples():
            typer.echo(json.dumps(document, ensure_ascii=False))
    elif as_markdown:
        typer.echo(markdown())
    else:
        for event_type in WIRE_TYPES:
            table = Table("field", "needed", "allowed", title=event_type, title_justify="left")
            for field in fields_of(event_type):
                table.add_row(field.name, field.needed, field.allowed)
            out.print(table)
