"""A second country, and the score of alerts on it: cars that no detector was written or trained for.

It is told from what registries and customs really do and from the documents' contract alone. The truth
is what people meant to do, never what a detector ought to say. Whoever works on detectors measures
here and leaves the country as it is. From the repository's root:

    python -m tests.independent write --seed 1 --out country.jsonl.gz --truth truth.csv
    zeromile replay country.jsonl.gz --final alerts.jsonl
    python -m tests.independent score alerts.jsonl --truth truth.csv --documents country.jsonl.gz
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tests.independent.baselines import ages_at_export
from tests.independent.country import write_country
from tests.independent.score import read_alerts, scored
from tests.independent.table import plain_table
from tests.independent.truth import read_truth

app = typer.Typer(add_completion=False, no_args_is_help=True, help=(__doc__ or "").splitlines()[0])


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


@app.command()
def score(
    alerts: Annotated[Path, typer.Argument(help="Alerts that `zeromile replay --final` wrote.")],
    *,
    truth: Annotated[Path, typer.Option(help="The country's truth.")],
    documents: Annotated[
        Path | None, typer.Option(help="The country's documents: scores naive baselines beside.")
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all figures there too.")
    ] = None,
) -> None:
    """Say by class who was accused, and how right alerts are."""
    figures = scored(
        read_alerts(alerts), read_truth(truth), None if documents is None else ages_at_export(documents)
    )
    typer.echo(plain_table(figures))
    if json_file is not None:
        json_file.write_text(json.dumps(figures.plain(), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
