"""A second country: cars that no detector was written or trained for.

It is told from what registries and customs really do and from the documents' contract alone. The truth
is what people meant to do, never what a detector ought to say. Whoever works on detectors measures
here and leaves the country as it is. From the repository's root:

    python -m tests.independent write --seed 1 --out country.jsonl.gz --truth truth.csv
    zeromile evaluate country.jsonl.gz --truth truth.csv
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tests.independent.country import write_country

app = typer.Typer(add_completion=False, no_args_is_help=True, help=(__doc__ or "").splitlines()[0])


@app.callback()
def main() -> None:
    """A second country, told from the domain alone."""


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
