"""`zeromile simulate`: write a labelled country."""

from __future__ import annotations

import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams.cli.console import console_beside, errors
from streams.cli.replay import Force
from streams.setup.digests import sha256_of
from streams.setup.outputs import Outputs

if TYPE_CHECKING:
    from streams.simulator import CountrySummary


class Benchmark(StrEnum):
    """Parts of the published benchmark."""

    TRAIN = "train"
    TEST = "test"


def simulate(
    *,
    out: Annotated[Path, typer.Option(help="Documents (JSON Lines; gzip if named .gz).")],
    truth: Annotated[Path, typer.Option(help="What is true about them (JSON Lines).")],
    vehicles: Annotated[
        int | None,
        typer.Option(min=100, max=100_000_000, help="Vehicles with documents; default the country's."),
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=30, help="Length of the stream; default the country's.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 1,
    start: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day of the stream; default the country's."),
    ] = None,
    export_share: Annotated[
        float | None,
        typer.Option(
            min=0.001,
            max=0.9,
            help="Share of the vehicles that are exported, about 0.016 in life; default the country's.",
        ),
    ] = None,
    benchmark: Annotated[
        Benchmark | None,
        typer.Option(help="Write a part of the published benchmark; it sets all that is not a file."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Where both files are there already, leave them alone.")
    ] = False,
    country: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Another parameter file of the same shape; default the one that ships.",
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Write a simulated country: labelled documents in arrival order, with schemes and look-alikes."""
    from streams.cli.progress import counting
    from streams.simulator import ParameterError, load_country
    from streams.simulator import simulate as write_country
    from streams.simulator.benchmark import SPLITS

    if benchmark is not None:
        if any(given is not None for given in (vehicles, days, start, export_share, country)):
            raise typer.BadParameter(
                "it sets vehicles, days, start, export share and country itself",
                param_hint="--benchmark",
            )
        split = SPLITS[benchmark.value]
        vehicles, days, seed, export_share = split.vehicles, split.days, split.seed, split.export_share
        start = datetime.datetime.fromisoformat(split.start)
    try:
        parameters = load_country(country)
    except ParameterError as error:
        raise typer.BadParameter(str(error), param_hint="--country") from error
    defaults = parameters.defaults
    first = start.date() if start else datetime.date.fromisoformat(defaults.start)
    length = days or defaults.days
    count = vehicles or defaults.vehicles
    _check(first, length, parameters.yearly_used_exports.vehicles)
    if keep and out.exists() and truth.exists():
        typer.echo(f"{out} and {truth} are there already and were left alone")
        return
    with (
        Outputs({"--out": out, "--truth": truth}, [country], force=force) as places,
        counting("simulating", count, errors) as advance,
    ):
        summary = write_country(
            parameters,
            vehicles=count,
            days=length,
            seed=seed,
            start=first.toordinal(),
            export_share=export_share or defaults.export_share,
            out=places.path("--out"),
            truth=places.path("--truth"),
            progress=advance,
        )
    console = console_beside(data_on_standard_output=places.use_standard_output)
    _print(console, summary, out, truth)
    share = export_share or defaults.export_share
    for name, path in (("documents", out), ("truth", truth)) if benchmark is not None else ():
        console.print(f"SHA-256 of the {name}: {sha256_of(path)}", highlight=False, soft_wrap=True)
    console.print(
        f"{100 * share:g} % of the vehicles are exported, "
        f"{share / defaults.national_export_share:.1f} times as many as in life",
        highlight=False,
    )


def _check(first: datetime.date, days: int, years: dict[int, float]) -> None:
    last = first + datetime.timedelta(days=days - 1)
    if first.year < min(years) or last.year > max(years):
        raise typer.BadParameter(
            f"{first} to {last} leaves the years {min(years)} to {max(years)} that the country knows",
            param_hint="--start, --days",
        )


def _print(console: Console, summary: CountrySummary, out: Path, truth: Path) -> None:
    table = Table("class of vehicle", "vehicles", title=f"{out} and {truth}")
    table.columns[1].justify = "right"
    for name, count in summary.by_label.items():
        if count:
            table.add_row(name, f"{count:,}")
    console.print(table)
    console.print(
        f"{summary.documents:,} documents of {summary.vehicles:,} vehicles, "
        f"{summary.malformed:,} of them unreadable, {summary.spikes} provincial spikes"
    )
