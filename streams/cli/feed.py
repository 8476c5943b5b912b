"""`zeromile feed`: any register's files to documents."""

from __future__ import annotations

import gzip
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from streams.cli.console import console_beside, errors, fail, out
from streams.cli.exit_codes import WANTING
from streams.cli.feeding import check_there
from streams.cli.replay import Force
from streams.setup.outputs import STANDARD_OUTPUT, Outputs

if TYPE_CHECKING:
    from streams.feeds.converting import Account, Refused

app = typer.Typer(no_args_is_help=True, help="Make documents of any register's files.")

Feed = Annotated[str, typer.Argument(metavar="FEED", help="A feed that ships, or a feed file.")]
Data = Annotated[
    list[Path],
    typer.Argument(metavar="DATA…", help="Files of the register, also in zip or gzip."),
]
"""What a feed reads."""


@app.command("list")
def list_command() -> None:
    """List the feeds that ship."""
    from streams.feeds.loading import load_feed, shipped_feeds

    table = Table("feed", "title", "country", "form", "about")
    for name in shipped_feeds():
        feed = load_feed(name)
        table.add_row(name, feed.title, feed.country, feed.container.kind, feed.about)
    out.print(table)


@app.command("show")
def show_command(feed: Feed) -> None:
    """Print a feed file, to read or to begin your own with."""
    from streams.feeds.loading import feed_text

    typer.echo(feed_text(feed), nl=False)


@app.command("draft")
def draft_command(
    data: Annotated[Path, typer.Argument(help="A file of a register.")],
    *,
    out_: Annotated[Path, typer.Option("--out", help="Write the feed file here.")] = STANDARD_OUTPUT,
    force: Force = False,
) -> None:
    """Look at data that nobody has described, and write a feed file to correct.

    What cannot be seen is asked, never guessed: codes and ambiguous days stay "?".
    """
    from streams.feeds.drafting import draft
    from streams.setup.policy import load_policy

    check_there([data])
    with Outputs({"--out": out_}, [data], force=force) as places:
        feed = None if out_ == STANDARD_OUTPUT else out_.name
        places.path("--out").write_text(draft(data, load_policy().country, feed), encoding="utf-8")


@app.command("check")
def check_command(
    feed: Feed,
    data: Data,
    *,
    json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    max_refused: Annotated[
        int | None,
        typer.Option(
            min=0, help="Exit with 1 if more rows than this are refused; without it, if all are."
        ),
    ] = None,
) -> None:
    """Try a feed on data and say what would become of every row, column and code; writes nothing.

    Exit codes: 0 fine, 1 more rows refused than --max-refused, 2 wrong use.
    """
    import msgspec

    from streams.cli.feed_tables import beside, trial_json, trial_tables
    from streams.feeds.compiling import compile_feed
    from streams.feeds.loading import load_feed
    from streams.feeds.trial import Trial

    check_there(data)
    report = Trial(compile_feed(load_feed(feed))).run(data)
    if json:
        typer.echo(msgspec.json.encode(trial_json(report)).decode())
    else:
        for table in trial_tables(report):
            out.print(table)
        for line in beside(report.shown):
            typer.echo(line)
    _judge(report.account, max_refused)


@app.command("convert")
def convert_command(
    feed: Feed,
    data: Data,
    *,
    out_: Annotated[
        Path,
        typer.Option(
            "--out",
            help="Documents as JSON Lines, .gz for gzip; a folder: a file each; -: standard output.",
        ),
    ],
    refused: Annotated[
        Path | None, typer.Option(help="Write refused rows, bytes unchanged, with their reasons.")
    ] = None,
    max_refused: Annotated[
        int | None,
        typer.Option(
            min=0, help="Exit with 1 if more rows than this are refused; without it, if all are."
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Make documents of data, or counts for `zeromile spikes`, and account for every row.

    Exit codes: 0 fine, 1 more rows refused than --max-refused, 2 wrong use.
    """
    from streams.cli.feed_tables import account_tables
    from streams.feeds.compiling import compile_feed
    from streams.feeds.converting import Conversion
    from streams.feeds.counting import write_counts
    from streams.feeds.loading import load_feed

    check_there(data)
    compiled = compile_feed(load_feed(feed))
    groups = _groups(data, out_)
    wanted: dict[str, Path | None] = {f"--out {path}": path for path in groups}
    with Outputs({**wanted, "--refused": refused}, data, force=force) as places, ExitStack() as stack:
        letters = places["--refused"]
        take = None if letters is None else _Letters(stack.enter_context(letters.open("wb"))).take
        conversion = Conversion(compiled, take)
        left_out = 0
        for path, files in groups.items():
            there = places.path(f"--out {path}")
            if compiled.feed.counts is not None:
                left_out = write_counts(there, conversion.made(files))
            else:
                with _open(there) as documents:
                    documents.writelines(conversion.blocks(files))
    console = console_beside(data_on_standard_output=places.use_standard_output)
    if left_out:
        console.print(f"{left_out:,} months of a region had no row: written as 0")
    for table in account_tables(conversion.account):
        console.print(table)
    _judge(conversion.account, max_refused)


def _groups(data: list[Path], target: Path) -> dict[Path, list[Path]]:
    """Which files are written where."""
    if not target.is_dir():
        return {target: data}
    groups: dict[Path, list[Path]] = {}
    for path in data:
        groups.setdefault(target / f"{path.name.partition('.')[0]}.jsonl.gz", []).append(path)
    return groups


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path, "wb", compresslevel=5) if path.suffix == ".gz" else path.open("wb")  # type: ignore[return-value] # a GzipFile writes bytes


class _Letters:
    """Writes refused rows."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def take(self, refused: Refused) -> None:
        """Write one."""
        import msgspec

        self._file.write(msgspec.json.encode(refused.described()) + b"\n")


def _judge(account: Account, most: int | None) -> None:
    refused = account.refused.total()
    if account.rows and not account.converted:
        fail("no row became a document; `zeromile feed check` says why", WANTING)
    if most is not None and refused > most:
        errors.print(f"{refused:,} rows refused, more than the {most:,} allowed")
        raise typer.Exit(WANTING)
