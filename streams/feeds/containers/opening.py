"""The tables of a file, whatever kind of file the feed says it is."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from streams.feeds.columns import known_headers
from streams.feeds.containers.delimited import read_delimited
from streams.feeds.containers.fixed import read_fixed
from streams.feeds.containers.table import Table
from streams.feeds.containers.typed import read_json_lines, read_parquet, read_sheet
from streams.feeds.containers.unpacking import Unpacked, on_disk, unpacked
from streams.feeds.definition import Container, FeedFile

_FROM_DISK: Final[dict[str, Callable[[Path, Container, str], Table]]] = {
    "sheet": read_sheet,
    "parquet": read_parquet,
}


def open_tables(path: Path, feed: FeedFile) -> Iterator[Table]:
    """The tables of a file, each to be read before the next is asked for.

    Raises
    ------
    FeedError
        If the file cannot be what the feed says it is.
    """
    return tables_of(path, feed.container, known_headers(feed))


def tables_of(
    path: Path, container: Container, known: frozenset[str] | None = None
) -> Generator[Table, None, None]:
    """The tables of a file; of one without delimiters only the columns that are known."""
    with closing(unpacked(path, container.member, office=container.kind == "sheet")) as files:
        for file in files:
            yield from _tables(file, path, container, known)


def _tables(
    file: Unpacked, path: Path, container: Container, known: frozenset[str] | None
) -> Iterator[Table]:
    read = _FROM_DISK.get(container.kind)
    if read is not None:
        with on_disk(file, path) as there:
            yield read(there, container, file.name)
    elif container.kind == "fixed":
        yield read_fixed(file.stream, container, file.name, known)
    elif container.kind == "jsonl":
        yield read_json_lines(file.stream, container, file.name)
    else:
        yield read_delimited(file.stream, container, file.name)
