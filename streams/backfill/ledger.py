"""A ledger: validated documents as rows, each with the file and line it came from, read by SQL.

Only the strict decoder has read their bytes. A ledger of one run lies in a scratch folder; one that is
kept (:mod:`streams.backfill.kept`) lies in buckets of vehicles, which are gone through one by one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import duckdb
import pyarrow as pa

from detectors.errors import ZeromileError
from detectors.identities import Decode
from detectors.watermarks import NewestDays
from streams.backfill.buckets import Part, number_of_buckets, read_bucket, read_parts
from streams.backfill.chunks import CHUNK, Chunk, cut
from streams.backfill.columns import SCHEMA
from streams.backfill.decoding import Decoded, DecodedRefusal, decode_chunk
from streams.backfill.processes import Processes
from streams.feeds.reading import STANDARD_INPUT, Advance, Line

MEMORY: Final = "2GiB"
"""What the database may take before it writes to its scratch folder."""
_TOGETHER: Final = 16
"""Parts whose rows are in view at once."""
IDENTITY: Final = "hash(source, event_id)"
"""Identity of a document; where two are taken for one by chance, their vehicles are opened."""


class LedgerError(ZeromileError):
    """A ledger that cannot be read or made."""


class LedgerRefusal(NamedTuple):
    """A refused line, with its place, and why."""

    file: int
    """Number of its file, from 0."""
    line: Line
    refusal: DecodedRefusal


class LedgerReading(Protocol):
    """What the processes need to decode."""

    @property
    def decode(self) -> Decode:
        """Reads a document."""

    @property
    def scratch(self) -> Path:
        """Where rows are written."""


@dataclass(slots=True)
class Ledger:
    """Documents to go through, and what is known of them without looking."""

    buckets: int
    """Of vehicles, which are gone through one by one."""
    parts: list[Part] = field(default_factory=list)
    """Rows of a ledger of one run."""
    tables: list[Path] = field(default_factory=list)
    """Parquet files of rows of a kept one, in folders of their buckets."""
    rows: int = 0
    lines_read: int = 0
    """Lines that were no blanks."""
    newest: NewestDays = field(default_factory=dict)
    moved: list[str] | None = None
    """Vehicles of documents that came under several VINs, where that is known already."""
    moving: Path | None = None
    """Parquet file of those documents, where they are kept."""
    summaries: list[Path] = field(default_factory=list)
    """Parquet files of what is known of each vehicle, a file a bucket, where that was summed up."""


class _Work(NamedTuple):
    """Lines to decode, and what becomes of their rows."""

    chunk: Chunk
    buckets: int
    kept: bool


def read_ledger(
    files: list[Path],
    processes: Processes[Any],
    refuse: Callable[[list[LedgerRefusal]], None],
    advance: Callable[[Path], Advance] | None = None,
    size: int = CHUNK,
    *,
    buckets: int | None = None,
    kept: bool = False,
) -> Ledger:
    """Decode recorded streams into the ledger of one run.

    Parameters
    ----------
    files
        The streams in their order.
    processes
        Decode side by side.
    refuse
        Told of refused lines, in the order of the lines.
    advance
        Gives, for each file, whom to tell about its progress.
    size
        Bytes that are decoded together.
    buckets
        Into how many the rows are divided; by default as many as the files are large.
    kept
        Whether the ledger is to be kept, with every document as it was decoded.
    """
    ledger = Ledger(number_of_buckets(files) if buckets is None else buckets)
    chunks: list[Chunk] = []

    def remembered() -> Iterator[_Work]:
        for chunk in cut(files, size, advance):
            chunks.append(chunk._replace(text=None))
            yield _Work(chunk, ledger.buckets, kept)

    file, base = -1, 0
    for number, decoded in enumerate(processes.map(_decode, remembered())):
        chunk = chunks[number]
        if chunk.file != file:
            file, base = chunk.file, 0
        _take(ledger, decoded, chunk, base, refuse)
        base += decoded.lines
    return ledger


def _decode(shared: LedgerReading, work: _Work) -> Decoded:
    return decode_chunk(work.chunk, shared.decode, shared.scratch, work.buckets, kept=work.kept)


def _take(
    ledger: Ledger,
    decoded: Decoded,
    chunk: Chunk,
    base: int,
    refuse: Callable[[list[LedgerRefusal]], None],
) -> None:
    ledger.rows += decoded.rows
    ledger.lines_read += decoded.rows + len(decoded.refused)
    if decoded.table is not None:
        ledger.parts.append(Part(decoded.table, chunk.file, base))
    for key, day in decoded.newest.items():
        ledger.newest[key] = max(day, ledger.newest.get(key, 0))
    if decoded.refused:
        name = "(standard input)" if chunk.path == STANDARD_INPUT else str(chunk.path)
        refuse(
            [
                LedgerRefusal(chunk.file, Line(one.value, name, base + one.line), one)
                for one in decoded.refused
            ]
        )


def connect(scratch: Path, threads: int, memory: str = MEMORY) -> duckdb.DuckDBPyConnection:
    """Open a database that writes to a folder what its memory does not hold.

    Raises
    ------
    LedgerError
        If the amount of memory cannot be understood.
    """
    try:
        database = duckdb.connect(
            config={
                "threads": threads,
                "memory_limit": memory,
                "temp_directory": str(scratch / "spilled"),
                "preserve_insertion_order": False,
            }
        )
    except duckdb.Error as error:
        raise LedgerError(f"memory of {memory!r} cannot be set: {error}") from None
    return database


def look_at(database: duckdb.DuckDBPyConnection, ledger: Ledger, bucket: int) -> None:
    """Let ``ledger`` and, for now, ``documents`` be the rows of a bucket.

    ``summaries`` is what a kept ledger says of its vehicles.
    """
    rows = read_bucket(ledger.parts, bucket) if ledger.parts else None
    view(database, of_bucket(ledger.tables, bucket), rows)
    if ledger.summaries:
        files = [str(file) for file in of_bucket(ledger.summaries, bucket)]
        database.read_parquet(files, hive_partitioning=False).create_view("summed_up", replace=True)
        database.execute("CREATE OR REPLACE TEMP VIEW summaries AS SELECT * FROM summed_up")


def look_through(database: duckdb.DuckDBPyConnection, ledger: Ledger) -> Iterator[None]:
    """Let ``ledger`` be all rows, some at once and in any order: every part is opened but once."""
    for bucket in range(ledger.buckets if ledger.tables else 0):
        view(database, of_bucket(ledger.tables, bucket))
        yield
    for start in range(0, len(ledger.parts), _TOGETHER):
        parts = ledger.parts[start : start + _TOGETHER]
        view(database, [], read_parts(parts, ledger.buckets))
        yield


def view(database: duckdb.DuckDBPyConnection, tables: list[Path], rows: pa.Table | None = None) -> None:
    """Let ``ledger`` be the rows of Parquet files and those in memory, ``documents`` as yet too."""
    places = []
    if tables:
        files = [str(table) for table in tables]
        database.read_parquet(files, hive_partitioning=False).create_view("filed", replace=True)
        places.append("SELECT * FROM filed")
    if rows is not None or not tables:
        database.register("rows", SCHEMA.empty_table() if rows is None else rows)
        places.append("SELECT * FROM rows")
    database.execute(f"CREATE OR REPLACE VIEW ledger AS {' UNION ALL BY NAME '.join(places)}")
    database.execute("CREATE OR REPLACE TEMP VIEW documents AS SELECT * FROM ledger")


def of_bucket(files: Iterable[Path], number: int) -> list[Path]:
    """Those of a kept ledger's files that lie in a bucket."""
    return [file for file in files if file.parent.name == f"bucket={number}"]
