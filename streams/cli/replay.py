"""`zeromile replay`: recorded streams in, alerts out, no broker needed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.console import console_beside, errors
from streams.cli.feeding import FeedOption, documents_of
from streams.feeds.reading import DOCUMENTS, STANDARD_INPUT, check_kind
from streams.feeds.recognition import Kind
from streams.setup.outputs import Outputs

if TYPE_CHECKING:
    from detectors.country import Country
    from streams.backfill.backfill import Backfill
    from streams.backfill.replay import Replay

LEDGER = "manifest.json"
"""What a folder holds that is a ledger."""

Files = Annotated[
    list[Path],
    typer.Argument(
        help="Recorded streams in arrival order: JSON Lines, plain or gzip; - for standard input. Or "
        "one ledger that `zeromile ledger build` has made."
    ),
]
Config = Annotated[
    Path | None,
    typer.Option("--config", help="Policy file whose values override the shipped ones; default none."),
]
ModelChoice = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="DIR",
        help="Judge by the trained model of this directory too; `default` is the one that ships, "
        "which knows a simulated country. Without it the rules judge alone.",
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        metavar="DIR",
        help="Judge by the rules of this folder too, on trial; `zeromile rules new` makes one.",
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show where in its code a failing detector failed.")
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=64,
        metavar="N",
        help="Processes that read and judge; what is found is the same. Default: one a processor.",
    ),
]
Memory = Annotated[
    str,
    typer.Option(
        metavar="SIZE", help="What the database takes before it writes to the scratch folder."
    ),
]
Scratch = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder for what is put aside while reading, a little more than the documents; "
        "emptied at the end. Default: the system's for temporary files.",
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace outputs that are there already.")]
WatermarkTime = Annotated[
    str | None,
    typer.Option(
        "--watermark",
        metavar="TIME",
        help="Take every feed as complete through this day at the end, so that deadlines count.",
    ),
]


def replay(
    files: Files,
    *,
    alerts: Annotated[Path | None, typer.Option(help="Write every alert change, in order.")] = None,
    final: Annotated[
        Path | None, typer.Option(help="Write the alerts still firing at the end, sorted by id.")
    ] = None,
    dead_letters: Annotated[
        Path | None, typer.Option(help="Write refused documents with their reasons.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write an HTML report that opens offline in any browser.")
    ] = None,
    config: Config = None,
    model: ModelChoice = None,
    rules: Rules = None,
    watermark: WatermarkTime = None,
    workers: Workers = None,
    memory: Memory = "2GiB",
    scratch: Scratch = None,
    screen: Annotated[
        bool,
        typer.Option(
            "--screen/--no-screen",
            help="Leave vehicles closed that cannot concern any detector; what is found is the same.",
        ),
    ] = True,
    stats: Annotated[
        bool, typer.Option("--stats", help="Say how many vehicles pass the screen of each detector.")
    ] = False,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000,
            help="Judge vehicles every N documents, in one process: the fewer, the more is seen of "
            "alerts that come and go, and the longer it takes. Default: with --alerts 5,000, without "
            "it once for each vehicle, when all is read.",
        ),
    ] = None,
    max_dead_letters: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Exit with 1 if more documents than this were refused; without it, if more than half.",
        ),
    ] = None,
    feed: FeedOption = None,
    debug: Debug = False,
    force: Force = False,
) -> None:
    """Replay recorded streams and say what is found.

    An output named - is standard output. Exit codes: 0 fine, 1 too many documents were refused or a
    detector failed, 2 wrong use.
    """
    from detectors.registry import Catalogue
    from streams.backfill.backfill import Backfill, Means
    from streams.backfill.outputs import OutputFiles
    from streams.backfill.replay import Replay
    from streams.cli.misfit import warn_of_misfit
    from streams.cli.outcome import leave_by_outcome
    from streams.cli.progress import replay_progress
    from streams.cli.summary import screens_table, summary_tables
    from streams.models.choice import choose_model, chosen_model_id
    from streams.report import describe_sources, write_report
    from streams.report.vehicles import VehicleTally
    from streams.setup.identities import decode_from_environment
    from streams.setup.policy import load_policy

    check_folder(scratch)
    wanted = {
        "--alerts": alerts,
        "--final": final,
        "--dead-letters": dead_letters,
        "--report": report,
    }
    on_the_way = alerts is not None or batch is not None
    if feed is None:
        check_readable(files, ledger=not on_the_way)
    if on_the_way and (stats or not screen):
        raise typer.BadParameter(
            "with --alerts or --batch every vehicle is opened", param_hint="--stats, --no-screen"
        )
    catalogue = Catalogue(load_policy(config, rules=rules), choose_model(model))
    country = catalogue.policy.country
    decode, day = decode_from_environment(country), parse_day(watermark, country)
    with Outputs(wanted, [*files, config], force=force) as places, ExitStack() as stack:
        fed = stack.enter_context(documents_of(files, feed, country))
        written = OutputFiles(places["--alerts"], places["--final"], places["--dead-letters"])
        advance, judging = stack.enter_context(replay_progress(fed.files, errors))
        run: Replay | Backfill
        if on_the_way:
            run = Replay(catalogue, written, decode)
            replayed = run.run(
                fed.files, complete_through=day, advance=advance, judging=judging, batch=batch
            )
        else:
            means = Means(workers or processors(), memory, scratch)
            tally = None if report is None else VehicleTally
            run = stack.enter_context(
                Backfill(
                    catalogue, written, decode, means=means, screened=screen, visitor=tally, told=stats
                )
            )
            replayed = run.run(fed.files, complete_through=day, advance=advance, judging=judging)
        if report is not None:
            sources = describe_sources(files, complete_through=day, model_id=chosen_model_id(model))
            judged = run.engine if isinstance(run, Replay) else run
            firing = replayed.firing.values()
            write_report(places.path("--report"), judged, firing, sources, run.provinces.latest)
        warn_of_misfit(catalogue.model, run, replayed.firing)
        fed.append_letters(places["--dead-letters"])
        tables = list(summary_tables(replayed))
        if stats and isinstance(run, Backfill):
            tables.append(screens_table(run.selected))
    console = console_beside(data_on_standard_output=places.use_standard_output)
    for table in tables:
        console.print(table)
    leave_by_outcome(replayed, max_dead_letters, fed, debug=debug)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))


def parse_day(watermark: str | None, country: Country, option: str = "--watermark") -> int | None:
    """Civil day in a country of a time given on the command line."""
    from detectors import civil_time

    if watermark is None:
        return None
    try:
        return country.parse(watermark).day
    except ValueError:
        raise typer.BadParameter(
            f"{watermark!r} is not a time; allowed: {civil_time.ALLOWED}", param_hint=option
        ) from None


def check_readable(
    files: Sequence[Path], wanted: Sequence[Kind] = DOCUMENTS, *, ledger: bool = False
) -> None:
    """Refuse files that are not there or are of another kind before any work is done.

    Where a ledger will do too, a folder that is one is let through.
    """
    for path in files:
        if path != STANDARD_INPUT and path.is_dir() and not (ledger and (path / LEDGER).is_file()):
            raise typer.BadParameter(f"{path} is a folder, not a file", param_hint="FILES")
        if path != STANDARD_INPUT and not path.exists():
            raise typer.BadParameter(f"{path} is not a file", param_hint="FILES")
    for path in files:
        if path.is_file():  # a pipe is read once
            check_kind(path, wanted)


def check_folder(path: Path | None) -> None:
    """Refuse a folder that is not there before any work is done."""
    if path is not None and not path.is_dir():
        raise typer.BadParameter(f"{path} is not a folder", param_hint="--scratch")
