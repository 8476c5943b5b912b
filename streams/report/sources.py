"""Where a report comes from: files with their digests, model, command."""

import shlex
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from streams.backfill.kept import is_kept, read_manifest
from streams.setup.digests import sha256_of

PROGRAM: Final = "zeromile"


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the documents came from, for head and foot of the page."""

    files: tuple[str, ...]
    made_on: date
    """Day on which the report is made."""
    simulated: bool = False
    """Whether every car in it is invented; the page then says so."""
    complete_through: int | None = None
    """Civil day through which the feeds were declared complete."""
    digests: tuple[tuple[str, str], ...] = ()
    """SHA-256 of every file that can be read again, by its name."""
    model_id: str | None = None
    """Model by which was judged beside the rules."""
    command: str | None = None
    """What was typed to make the report."""


def describe_sources(
    files: Iterable[Path],
    *,
    names: tuple[str, ...] | None = None,
    simulated: bool = False,
    complete_through: int | None = None,
    model_id: str | None = None,
) -> Sources:
    """What can be said of the files of a replay that has just ended, by their names or given ones."""
    paths = list(files)
    if names is None:
        names = tuple("(standard input)" if str(path) == "-" else path.name for path in paths)
    return Sources(
        names,
        made_on=date.today(),  # noqa: DTZ011 - the reader's day
        simulated=simulated,
        complete_through=complete_through,
        digests=digests_of(names, paths),
        model_id=model_id,
        command=typed_command(),
    )


def digests_of(names: Iterable[str], files: Iterable[Path]) -> tuple[tuple[str, str], ...]:
    """SHA-256 of regular files, and of what a ledger was built of; a pipe cannot be read twice."""
    return tuple(
        digest for name, path in zip(names, files, strict=True) for digest in _digests(name, path)
    )


def _digests(name: str, path: Path) -> Iterator[tuple[str, str]]:
    if is_kept(path):
        for read in read_manifest(path).inputs:
            if read.sha256 is not None:
                yield Path(read.name).name, read.sha256
    elif path.is_file():
        yield name, sha256_of(path)


def typed_command() -> str | None:
    """What was typed, with folders left out; ``None`` where no command line made the report."""
    name, *words = sys.argv
    if Path(name).name != PROGRAM:
        return None
    return shlex.join([PROGRAM, *(Path(word).name if "/" in word else word for word in words)])
