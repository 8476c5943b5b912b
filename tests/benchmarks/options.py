"""What the benchmarks share: options, sizes, and what is done with a report."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from streams.cli.console import errors, fail, out
from tests.benchmarks.results import Report, ResultsError, write_report
from tests.benchmarks.table import show_report

T = TypeVar("T")

Seed = Annotated[int, typer.Option(min=0, help="Of the data set: same seed, same bytes.")]
Repetitions = Annotated[
    int | None, typer.Option(min=1, max=100, help="Rounds, in which everything takes its turn.")
]
Vehicles = Annotated[
    int | None,
    typer.Option(min=100, max=100_000_000, help="Vehicles of the simulated country; default by size."),
]
Quick = Annotated[bool, typer.Option("--quick", help="Small sizes, to try it out.")]
Full = Annotated[bool, typer.Option("--full", help="Large sizes, for a machine left alone.")]
JsonFile = Annotated[
    Path | None,
    typer.Option(
        "--json",
        metavar="FILE",
        help="Also keep the figures in this file of results, in place of earlier ones.",
    ),
]


def sized(quick: bool, full: bool, sizes: tuple[T, T, T]) -> T:
    """Choose the quick, the usual or the full size.

    Raises
    ------
    typer.BadParameter
        Both were asked for.
    """
    if quick and full:
        raise typer.BadParameter("give --quick or --full, not both", param_hint="--quick, --full")
    return sizes[0] if quick else sizes[2] if full else sizes[1]


def measure_and_keep(
    name: str, json_file: Path | None, quick: bool, measure: Callable[[], Report]
) -> None:
    """Measure, show the report and keep it where that is wanted.

    What was only tried out (`quick`) is too short to be compared with anything: no ratio is told.
    """
    check_results_file(json_file)
    with errors.status(name):
        report = measure()
    finish(report.without_ratios() if quick else report, json_file)


def check_results_file(path: Path | None) -> None:
    """Refuse a file that could not be written before anything is measured."""
    if path is not None and not path.parent.is_dir():
        raise typer.BadParameter(f"the folder {path.parent} does not exist", param_hint="--json")


def finish(report: Report, json_file: Path | None) -> None:
    """Show a report and keep it; leave with 1 if something that had to hold did not."""
    show_report(report, out)
    if json_file is not None:
        try:
            write_report(json_file, report)
        except (ResultsError, OSError) as error:
            fail(str(error))
    failed = [check.what for check in report.checks if not check.held]
    if failed:
        errors.print(f"the figures mean nothing, for this did not hold: {'; '.join(failed)}")
        raise typer.Exit(1)
