"""`zeromile ledger`: documents decoded once and kept, to be judged again and again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from detectors.errors import ZeromileError
from streams.cli.console import errors, fail, out
from streams.cli.feeding import FeedOption, documents_of
from streams.cli.replay import Memory, Scratch, Workers, check_folder, check_readable, processors

app = typer.Typer(no_args_is_help=True, help="Documents decoded once and kept.")

Streams = Annotated[
    list[Path],
    typer.Argument(
        help="Recorded streams in arrival order: JSON Lines, plain or gzip; - for standard input."
    ),
]


@app.command("build")
def build_ledger(
    files: Streams,
    *,
    directory: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the ledger; made if missing.")
    ],
    append: Annotated[
        bool, typer.Option("--append", help="Add to the ledger that is in the folder.")
    ] = False,
    workers: Workers = None,
    memory: Memory = "2GiB",
    scratch: Scratch = None,
    feed: FeedOption = None,
) -> None:
    """Decode recorded streams into a ledger: Parquet in buckets of vehicles, sorted by VIN.

    `replay` and `explain` take it in place of files. Exit codes: 0 built, 2 wrong use.
    """
    from tempfile import TemporaryDirectory

    from detectors.registry import Catalogue
    from streams.backfill.building import build
    from streams.backfill.judging import Setup
    from streams.cli.progress import reading_progress
    from streams.setup.clock import utc_now
    from streams.setup.identities import decode_from_environment
    from streams.setup.policy import load_policy

    if feed is None:
        check_readable(files)
    check_folder(scratch)
    catalogue = Catalogue(load_policy(None))
    country = catalogue.policy.country
    decode = decode_from_environment(country)
    try:
        with (
            TemporaryDirectory(prefix="zeromile-", dir=scratch) as folder,
            documents_of(files, feed, country) as fed,
        ):
            setup = Setup.of(catalogue, decode, Path(folder), None, utc_now())
            with reading_progress(fed.files, errors) as advance:
                manifest = build(
                    fed.files,
                    directory,
                    setup,
                    append=append,
                    processes=workers or processors(),
                    memory=memory,
                    advance=advance,
                )
    except (ZeromileError, OSError) as error:
        fail(str(error))
    table = Table(title=f"Ledger in {directory}", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    refused = sum(manifest.refused.values())
    for name, count in (
        ("files", len(manifest.inputs)),
        ("documents", manifest.rows),
        ("refused lines", refused),
        ("vehicles whose documents moved", len(manifest.moved)),
    ):
        table.add_row(name, f"{count:,}")
    out.print(table)
