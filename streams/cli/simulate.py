"""`zeromile simulate`: write a labelled country."""

import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams.cli.console import errors
from streams.cli.progress import counting
from streams.simulator import ParameterError, Summary, load_country
from streams.simulator import simulate as write_country


def simulate(
    *,
    out: Annotated[Path, typer.Option(help="Documents (JSON Lines; gzip if named .gz).")],
    truth: Annotated[Path, typer.Option(help="What is true about them (JSON Lines).")],
    vehicles: Annotated[
        int | None, typer.Option(min=100, max=100_000_000, help="Vehicles with documents.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=30, help="Length of the stream.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 1,
    start: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day of the stream."),
    ] = None,
    export_share: Annotated[
        float | None,
        typer.Option(
            min=0.001, max=0.9, help="Share of the vehicles that are exported (about 0.016 in life)."
        ),
    ] = None,
    country: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Another parameter file of the same shape."),
    ] = None,
) -> None:
    """Write a simulated country: labelled documents in arrival order, with schemes and look-alikes."""
    try:
        parameters = load_country(country)
    except ParameterError as error:
        raise typer.BadParameter(str(error), param_hint="--country") from error
    defaults = parameters.defaults
    first = start.date() if start else datetime.date.fromisoformat(defaults.start)
    length = days or defaults.days
    count = vehicles or defaults.vehicles
    _check(first, length, out, truth, parameters.yearly_used_exports.vehicles)
    with counting("simulating", count, errors) as advance:
        summary = write_country(
            parameters,
            vehicles=count,
            days=length,
            seed=seed,
            start=first.toordinal(),
            export_share=export_share or defaults.export_share,
            out=out,
            truth=truth,
            progress=advance,
        )
    _print(Console(), summary, out, truth)
    share = export_share or defaults.export_share
    typer.echo(
        f"{100 * share:g} % of the vehicles are exported, "
        f"{share / defaults.national_export_share:.1f} times as many as in life"
    )


def _check(first: datetime.date, days: int, out: Path, truth: Path, years: dict[int, float]) -> None:
    last = first + datetime.timedelta(days=days - 1)
    if first.year < min(years) or last.year > max(years):
        raise typer.BadParameter(
            f"{first} to {last} leaves the years {min(years)} to {max(years)} that the country knows",
            param_hint="--start, --days",
        )
    for option, path in (("--out", out), ("--truth", truth)):
        if not path.parent.is_dir():
            raise typer.BadParameter(f"{path.parent} is not a directory", param_hint=option)
    if out.resolve() == truth.resolve():
        raise typer.BadParameter(f"{truth} is also the file of --out", param_hint="--truth")


def _print(console: Console, summary: Summary, out: Path, truth: Path) -> None:
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
