"""`zeromile replay`: recorded streams in, alerts out, no broker needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.console import console_beside, errors
from streams.feeds.reading import DOCUMENTS, STANDARD_INPUT, check_kind
from streams.feeds.recognition import Kind
from streams.setup.outputs import Outputs

if TYPE_CHECKING:
    from streams.backfill.outputs import OutputFiles
    from streams.backfill.replay import Replay
    from streams.parallel import Judge, ParallelReplay

Files = Annotated[
    list[Path],
    typer.Argument(
        help="Recorded streams in arrival order: JSON Lines, plain or gzip; - for standard input."
    ),
]
Config = Annotated[
    Path | None, typer.Option("--config", help="Policy file whose values override the shipped ones.")
]
ModelChoice = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="DIR",
        help="Judge by the trained model of this directory too; `default` is the one that ships, "
        "which knows a simulated country.",
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show where in its code a failing detector failed.")
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
    watermark: WatermarkTime = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            min=1,
            max=64,
            metavar="N",
            help="Processes that judge, best one a processor; what is found is the same.",
        ),
    ] = 1,
    on_disk: Annotated[
        Path | None,
        typer.Option(
            "--on-disk",
            metavar="DIR",
            help="Keep vehicles and alerts in files in this folder while reading, for more of them "
            "than fit into memory; the files are removed at the end.",
        ),
    ] = None,
    batch: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000,
            help="Judge vehicles every N documents: the fewer, the more is seen of alerts that come "
            "and go, and the longer it takes. Default: with --alerts 5,000, without once for each "
            "vehicle, when all is read.",
        ),
    ] = None,
    max_dead_letters: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Exit with 1 if more documents than this were refused; without it, if more than half.",
        ),
    ] = None,
    debug: Debug = False,
    force: Force = False,
) -> None:
    """Replay recorded streams and say what is found.

    An output named - is standard output. Exit codes: 0 fine, 1 too many documents were refused or a
    detector failed, 2 wrong use.
    """
    from streams.backfill.outputs import OutputFiles
    from streams.cli.outcome import leave_by_outcome
    from streams.cli.progress import replay_progress
    from streams.cli.summary import summary_tables
    from streams.models.choice import chosen_model_id
    from streams.parallel import Judge
    from streams.report import describe_sources, write_report
    from streams.setup.identities import decode_from_environment

    day = parse_day(watermark)
    check_readable(files)
    check_folder(on_disk)
    wanted = {
        "--alerts": alerts,
        "--final": final,
        "--dead-letters": dead_letters,
        "--report": report,
    }
    judge = Judge(config, model, decode_from_environment())
    with Outputs(wanted, [*files, config], force=force) as places:
        written = OutputFiles(places["--alerts"], places["--final"], places["--dead-letters"])
        with _job(workers, on_disk, judge, written) as run:
            with replay_progress(files, errors) as (advance, judging):
                replayed = run.run(
                    files, complete_through=day, advance=advance, judging=judging, batch=batch
                )
            if report is not None:
                sources = describe_sources(files, complete_through=day, model_id=chosen_model_id(model))
                firing = replayed.firing.values()
                write_report(places.path("--report"), run.judged, firing, sources, run.provinces.latest)
            tables = list(summary_tables(replayed))
    console = console_beside(data_on_standard_output=places.use_standard_output)
    for table in tables:
        console.print(table)
    leave_by_outcome(replayed, max_dead_letters, debug=debug)


@contextmanager
def _job(
    workers: int, on_disk: Path | None, judge: Judge, outputs: OutputFiles
) -> Iterator[Replay | ParallelReplay]:
    from detectors.registry import Catalogue
    from streams.backfill.replay import Replay
    from streams.models.choice import choose_model
    from streams.parallel import ParallelReplay
    from streams.setup.policy import load_policy

    if workers == 1 and on_disk is None:
        catalogue = Catalogue(load_policy(judge.config), choose_model(judge.model))
        yield Replay(catalogue, outputs, judge.decode)
        return
    with ExitStack() as stack:
        directory = None
        if on_disk is not None:
            # `main` turns SIGTERM into an exit, so that it is removed then too.
            scratch = TemporaryDirectory(prefix="zeromile-replay-", dir=on_disk)
            directory = Path(stack.enter_context(scratch))
        yield stack.enter_context(ParallelReplay(judge, workers, outputs, directory))


def parse_day(watermark: str | None) -> int | None:
    """Civil day of a time given on the command line."""
    from detectors import civil_time

    if watermark is None:
        return None
    try:
        return civil_time.parse(watermark).day
    except ValueError:
        raise typer.BadParameter(
            f"{watermark!r} is not a time; allowed: {civil_time.ALLOWED}", param_hint="--watermark"
        ) from None


def check_readable(files: Sequence[Path], wanted: Sequence[Kind] = DOCUMENTS) -> None:
    """Refuse files that are not there or are of another kind before any work is done."""
    for path in files:
        if path != STANDARD_INPUT and path.is_dir():
            raise typer.BadParameter(f"{path} is a folder, not a file", param_hint="FILES")
        if path != STANDARD_INPUT and not path.exists():
            raise typer.BadParameter(f"{path} is not a file", param_hint="FILES")
    for path in files:
        if path.is_file():  # a pipe is read once
            check_kind(path, wanted)


def check_folder(path: Path | None) -> None:
    """Refuse a folder that is not there before any work is done."""
    if path is not None and not path.is_dir():
        raise typer.BadParameter(f"{path} is not a folder", param_hint="--on-disk")
