"""Data of a register where a command takes documents: a feed makes documents of them first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli.console import errors
from streams.feeds.errors import FeedError

if TYPE_CHECKING:
    from detectors.country import Country

FeedOption = Annotated[
    str | None,
    typer.Option(
        "--feed",
        metavar="FEED",
        help="The files are a register's own: make documents of them first, by this feed "
        "(`zeromile feed list`, or a feed file).",
    ),
]
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Fed:
    """Files of documents, and the rows that became none."""

    files: list[Path]
    letters: Path | None = None
    """Refused rows as dead letters, JSON Lines."""
    refused: int = 0
    """How many they are."""

    def append_letters(self, path: Path | None) -> None:
        """Put the refused rows behind a command's dead letters."""
        if path is not None and self.letters is not None:
            with path.open("ab") as target, self.letters.open("rb") as source:
                while block := source.read(_BLOCK):
                    target.write(block)


@contextmanager
def documents_of(files: Sequence[Path], feed: str | None, country: Country) -> Iterator[Fed]:
    """Files of documents: those given, or what a feed makes of them, while the statement runs.

    Parameters
    ----------
    files
        What the command was given.
    feed
        What makes documents of them, ``None`` where they are some.
    country
        The policy's, which must be the feed's, and its currency too.

    Raises
    ------
    FeedError
        If there is no such feed, a file is not what it says, or no row becomes a document.
    """
    if feed is None:
        yield Fed(list(files))
        return
    import msgspec

    from streams.cli.feed_tables import account_tables
    from streams.feeds.compiling import compile_feed
    from streams.feeds.converting import Conversion, Refused
    from streams.feeds.loading import load_feed

    check_there(files)
    compiled = compile_feed(load_feed(feed))
    if compiled.feed.counts is not None:
        raise FeedError(f"the feed {feed} makes counts; allowed: one that makes documents")
    own = compiled.feed.country
    if country.code != own:
        raise FeedError(
            f"the feed {feed} is of {own}, the policy of {country.code}; allowed: the same: "
            f"zeromile --country {own} …, or a policy with [country]"
        )
    if compiled.feed.makes_amounts and country.currency != compiled.feed.currency:
        raise FeedError(
            f"the feed {feed} writes amounts in {compiled.feed.currency}, the policy's country has "
            f"{country.currency}; allowed: the same: currency in the feed, or in the policy's [country]"
        )
    with TemporaryDirectory(prefix="zeromile-feed-") as directory:
        letters = Path(directory, "refused.jsonl")
        made: list[Path] = []
        with letters.open("wb") as refused:

            def refuse(row: Refused) -> None:
                refused.write(msgspec.json.encode(row.described()) + b"\n")

            conversion = Conversion(compiled, refuse)
            for number, path in enumerate(files):
                made.append(Path(directory, f"{number}-{path.name}.jsonl"))
                with made[-1].open("wb") as documents:
                    documents.writelines(conversion.blocks([path]))
        for table in account_tables(conversion.account):
            errors.print(table)
        if not conversion.account.converted:
            raise FeedError("no row became a document; `zeromile feed check` says why")
        yield Fed(made, letters, conversion.account.refused.total())


def check_there(files: Sequence[Path]) -> None:
    """Refuse data that are not there before any work is done."""
    for path in files:
        if not path.is_file():
            raise typer.BadParameter(f"{path} is not a file", param_hint="DATA")
