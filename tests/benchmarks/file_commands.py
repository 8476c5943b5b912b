"""`limit`, `embedded`, `backtest`, `feeds`, `scaling`, `memory`, `capacity`: what needs no broker."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.console import fail
from tests.benchmarks.options import (
    Full,
    JsonFile,
    Quick,
    Repetitions,
    Seed,
    Vehicles,
    measure_and_keep,
    sized,
)

_SCALES = (
    (2_000, 4_000, 8_000),
    (100_000, 200_000, 400_000, 800_000),
    (100_000, 700_000, 1_400_000, 2_700_000, 5_400_000),
)


def limit(
    *,
    vehicles: Vehicles = None,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Read and decode documents, nothing else: the most that any job could reach."""
    from tests.benchmarks.limit import measure_limit  # noqa: PLC0415 - other commands do not wait for it

    count = vehicles or sized(quick, full, (2_000, 140_000, 1_400_000))
    rounds = repetitions or sized(quick, full, (2, 5, 5))
    measure_and_keep("limit", json, quick, lambda: measure_limit(count, seed, rounds))


def embedded(
    *,
    vehicles: Vehicles = None,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Replay a simulated country with all detectors, beside the limit."""
    from tests.benchmarks.embedded import measure_embedded  # noqa: PLC0415 - as above

    count = vehicles or sized(quick, full, (2_000, 70_000, 700_000))
    rounds = repetitions or sized(quick, full, (1, 3, 3))
    measure_and_keep("embedded", json, quick, lambda: measure_embedded(count, seed, rounds))


def backfill(
    *,
    vehicles: Vehicles = None,
    of_two_rules: Annotated[
        int | None, typer.Option("--two-rule-vehicles", min=100, help="Vehicles of the peers' job.")
    ] = None,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Judge recorded streams at once, beside the program before and beside columnar engines."""
    from tests.benchmarks.backfill import measure_backfill  # noqa: PLC0415 - as above

    count = vehicles or sized(quick, full, (2_000, 700_000, 1_360_000))
    others = of_two_rules or sized(quick, full, (2_000, 350_000, 750_000))
    rounds = repetitions or sized(quick, full, (1, 5, 5))
    measure_and_keep("backfill", json, quick, lambda: measure_backfill(count, others, seed, rounds))


def backtest(
    *,
    vehicles: Vehicles = None,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Change a threshold over a ledger, beside judging the ledger wholly."""
    from tests.benchmarks.lab import measure_backtest  # noqa: PLC0415 - as above

    count = vehicles or sized(quick, full, (2_000, 700_000, 8_000_000))
    rounds = repetitions or sized(quick, full, (1, 5, 3))
    measure_and_keep("backtest", json, quick, lambda: measure_backtest(count, seed, rounds))


def feeds(
    *,
    rows: Annotated[int | None, typer.Option(min=100, help="Rows; default by size.")] = None,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Make documents of a register's CSV, beside the standard library's reader of the same file."""
    from tests.benchmarks.feeds import measure_feeds  # noqa: PLC0415 - as above

    count = rows or sized(quick, full, (2_000, 200_000, 1_000_000))
    rounds = repetitions or sized(quick, full, (1, 5, 5))
    measure_and_keep("feeds", json, quick, lambda: measure_feeds(count, seed, rounds))


def scaling(
    *,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Replay countries of growing size: what a document costs, relative to the smallest."""
    from tests.benchmarks.scaling import measure_scaling  # noqa: PLC0415 - as above

    scales = sized(quick, full, _SCALES)
    measure_and_keep("scaling", json, quick, lambda: measure_scaling(scales, seed, repetitions or 1))


def memory(
    *,
    vehicles: Vehicles = None,
    seed: Seed = 1,
    repetitions: Repetitions = None,
    quick: Quick = False,
    full: Full = False,
    json: JsonFile = None,
) -> None:
    """Weigh a vehicle in the store, in memory and on disk, beside its documents."""
    from tests.benchmarks.memory import measure_memory  # noqa: PLC0415 - as above

    count = vehicles or sized(quick, full, (2_000, 200_000, 2_000_000))
    rounds = repetitions or sized(quick, full, (1, 2, 1))
    measure_and_keep("memory", json, quick, lambda: measure_memory(count, seed, rounds))


def capacity(
    results: Annotated[
        Path,
        typer.Argument(help="File of results, from --json.", exists=True, dir_okay=False),
    ],
) -> None:
    """Size an installation for a country, as Markdown, from measured results."""
    from tests.benchmarks.capacity_tables import markdown  # noqa: PLC0415 - as above
    from tests.benchmarks.results import ResultsError, read_reports  # noqa: PLC0415 - as above

    try:
        typer.echo(markdown(read_reports(results)), nl=False)
    except ResultsError as error:
        fail(str(error))
