"""A ledger: validated documents as rows, each with the file and line it came from, read by SQL.

Only the strict decoder has read their bytes. A ledger of one run lies in a scratch folder; one that is
kept (:mod:`streams.backfill.kept`) lies in buckets of vehicles, which are gone through one by one.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import duckdb

from detectors.errors import ZeromileError
from detectors.identities import Decode
from detectors.watermarks import NewestDays
from streams.backfill.chunks import CHUNK, Chunk, cut
from streams.backfill.columns import SCHEMA
from streams.backfill.decoding import Decoded, DecodedRefusal, decode_chunk
from streams.backfill.processes import Processes
from streams.feeds.reading import STANDARD_INPUT, Advance, Line

MEMORY: Final = "2GiB"
"""What the database may take before it writes to its scratch folder."""
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


class Part(NamedTuple):
    """Rows that were read together."""

    number: int
    file_number: int
    """Of the file, from 0."""
    file: str
    base: int
    """Lines of the file before them."""


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

    tables: list[Path] = field(default_factory=list)
    """Parquet files of rows."""
    buckets: int = 0
    """How many buckets of vehicles the files lie in; 0 where a vehicle may lie in any."""
    parts: list[Part] = field(default_factory=list)
    """Of a ledger of one run: what its column ``file`` counts."""
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


def read_ledger(
    files: list[Path],
    processes: Processes[Any],
    refuse: Callable[[list[LedgerRefusal]], None],
    advance: Callable[[Path], Advance] | None = None,
    size: int = CHUNK,
    *,
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
    kept
        Whether the ledger is to be kept, with every document as it was decoded.
    """
    ledger = Ledger()
    chunks: list[Chunk] = []

    def remembered() -> Iterator[Chunk]:
        for chunk in cut(files, size, advance):
            chunks.append(chunk._replace(text=None))
            yield chunk

    file, base = -1, 0
    work = _decode_to_keep if kept else _decode
    for number, decoded in enumerate(processes.map(work, remembered())):
        chunk = chunks[number]
        if chunk.file != file:
            file, base = chunk.file, 0
        name = "(standard input)" if chunk.path == STANDARD_INPUT else str(chunk.path)
        _take(ledger, decoded, Part(chunk.part, chunk.file, name, base), refuse)
        base += decoded.lines
    return ledger


def _decode(shared: LedgerReading, chunk: Chunk) -> Decoded:
    return decode_chunk(chunk, shared.decode, shared.scratch)


def _decode_to_keep(shared: LedgerReading, chunk: Chunk) -> Decoded:
    return decode_chunk(chunk, shared.decode, shared.scratch, kept=True)


def _take(
    ledger: Ledger, decoded: Decoded, part: Part, refuse: Callable[[list[LedgerRefusal]], None]
) -> None:
    ledger.rows += decoded.rows
    ledger.lines_read += decoded.rows + len(decoded.refused)
    if decoded.table is not None:
        ledger.tables.append(decoded.table)
        ledger.parts.append(part)
    for key, day in decoded.newest.items():
        ledger.newest[key] = max(day, ledger.newest.get(key, 0))
    if decoded.refused:
        refuse(
            [
                LedgerRefusal(part.file_number, Line(one.value, part.file, part.base + one.line), one)
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


def of_bucket(files: Iterable[Path], number: int) -> list[Path]:
    """Those of a kept ledger's files that lie in a bucket."""
    return [file for file in files if file.parent.name == f"bucket={number}"]


def view(database: duckdb.DuckDBPyConnection, tables: list[Path]) -> None:
    """Let ``ledger`` be the rows of files, and ``documents`` for now the same."""
    if tables:
        names = [str(table) for table in tables]
        rows = database.read_parquet(names, hive_partitioning=False)
        rows.create_view("ledger", replace=True)
    else:
        columns = ", ".join(f"NULL::{_TYPES[str(one.type)]} AS {one.name}" for one in SCHEMA)
        database.execute(f"CREATE OR REPLACE TEMP VIEW ledger AS SELECT {columns} WHERE false")
    database.execute("CREATE OR REPLACE TEMP VIEW documents AS SELECT * FROM ledger")


def view_summaries(database: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
    """Let ``summaries`` be what a kept ledger says of its vehicles."""
    rows = database.read_parquet([str(file) for file in files], hive_partitioning=False)
    rows.create_view("summed_up", replace=True)
    database.execute("CREATE OR REPLACE TEMP VIEW summaries AS SELECT * FROM summed_up")


_TYPES: Final = {
    "string": "VARCHAR",
    "dictionary<values=string, indices=int32, ordered=0>": "VARCHAR",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "uint8": "UTINYINT",
    "bool": "BOOLEAN",
    "date32[day]": "DATE",
    "double": "DOUBLE",
    "binary": "BLOB",
}
