"""Documents one by one in the order in which they came, from a recorded stream or from a ledger."""

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import duckdb
import msgspec

from detectors.documents import Document
from detectors.errors import DocumentError, Reason
from detectors.identities import Decode
from streams.backfill.kept import is_kept, open_kept
from streams.backfill.ledger import LedgerRefusal, connect, view
from streams.feeds.reading import Advance, read_lines

_AT_ONCE: Final = 10_000
_original = msgspec.msgpack.Decoder(Document).decode


class ReadDocument(NamedTuple):
    """What a line said."""

    file: int
    """Number of its file, from 0."""
    line: int
    """Its number, from 1."""
    document: Document | None
    refused: Reason | None
    """Why there is no document."""


def read_stream(path: Path, decode: Decode, advance: Advance | None = None) -> Iterator[ReadDocument]:
    """Read a recorded stream, or the streams that a ledger was built of, in order.

    Parameters
    ----------
    path
        A file, ``-`` for standard input, or a ledger.
    decode
        Reads a document; a ledger was built with its key, or it is refused.
    advance
        Told how far the reading of a file has come.

    Raises
    ------
    streams.feeds.reading.ReadError
        If a file cannot be read.
    streams.backfill.ledger.LedgerError
        If a ledger cannot.
    """
    if is_kept(path):
        yield from _of_ledger(path, decode)
        return
    for line in read_lines(path, advance):
        try:
            yield ReadDocument(0, line.number, decode(line.value), None)
        except DocumentError as error:
            yield ReadDocument(0, line.number, None, error.reason)


def _of_ledger(directory: Path, decode: Decode) -> Iterator[ReadDocument]:
    refused: list[LedgerRefusal] = []
    ledger = open_kept(directory, decode, refused.extend)
    gone = (ReadDocument(one.file, one.line.number, None, one.refusal.reason) for one in refused)
    with TemporaryDirectory(prefix="zeromile-") as scratch, connect(Path(scratch), 1) as database:
        view(database, ledger.tables)
        rows = database.execute("SELECT file, line, original FROM ledger ORDER BY file, line")
        yield from merge(_decoded(rows), gone, key=itemgetter(0, 1))


def _decoded(rows: duckdb.DuckDBPyConnection) -> Iterator[ReadDocument]:
    while found := rows.fetchmany(_AT_ONCE):
        for file, line, original in found:
            yield ReadDocument(file, line, _original(original), None)
