"""A second country, and the score of alerts on it: `python -m tests.independent`, from the repository's root."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tests.independent.country import write_country

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)


@app.command()
def write(
    *,
    seed: Annotated[int, typer.Option(help="The same seed writes the same bytes.")] = 1,
    vehicles: Annotated[int, typer.Option(min=1)] = 300_000,
    out: Annotated[Path, typer.Option(help="Documents in order of arrival: JSON Lines, gzip.")],
    truth: Annotated[Path, typer.Option(help="What was meant with every vehicle: CSV.")],
) -> None:
    """Write a country's documents and its truth."""
    typer.echo(f"{write_country(seed, vehicles, out, truth):,} messages about {vehicles:,} vehicles")


if __name__ == "__main__":
    app()
