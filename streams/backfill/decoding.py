"""A chunk of lines decoded: rows of a ledger in a file, and the lines that were refused."""

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from detectors.documents import Document
from detectors.errors import DocumentError, Reason
from detectors.identities import Decode
from detectors.watermarks import NewestDays, WatermarkPolicy, Watermarks
from streams.backfill.chunks import Chunk
from streams.backfill.columns import SCHEMA, columns_of


class DecodedRefusal(NamedTuple):
    """A refused line and why."""

    line: int
    """Its number, from 1: in its chunk at first, in its file in the end."""
    value: bytes
    reason: Reason
    field: str | None
    shown: str
    allowed: str
    document: str

    def error(self) -> DocumentError:
        """Why it was refused."""
        return DocumentError(
            self.reason,
            field=self.field,
            value=self.shown,
            allowed=self.allowed,
            document=self.document,
        )


class Decoded(NamedTuple):
    """What a chunk came to."""

    lines: int
    """Blank ones included."""
    rows: int
    table: Path | None
    """Parquet file of the rows, where there are any; `line` counts from the beginning of the chunk."""
    refused: list[DecodedRefusal]
    newest: NewestDays


_POLICY = WatermarkPolicy(allowed_lateness_days=0, idle_after_days=0)
"""How far sources have come does not depend on how late documents may be."""


def decode_chunk(chunk: Chunk, decode: Decode, directory: Path) -> Decoded:
    """Decode the lines of a chunk strictly, and write its rows into a directory."""
    lines = chunk.lines()
    documents: list[Document] = []
    numbers: list[int] = []
    refused: list[DecodedRefusal] = []
    watermarks = Watermarks(_POLICY)
    for number, line in enumerate(lines, 1):
        value = line.rstrip(b"\r")
        if not value or value.isspace():
            continue
        try:
            document = decode(value)
        except DocumentError as error:
            refused.append(_refusal(number, value, error))
            continue
        watermarks.observe(document)
        documents.append(document)
        numbers.append(number)
    table = None
    if documents:
        table = directory / f"{chunk.part:08}.parquet"
        rows = pa.Table.from_batches(columns_of(documents, chunk.part, numbers), SCHEMA)
        pq.write_table(rows, table, compression="lz4", use_dictionary=["source", "event_type"])
    return Decoded(len(lines), len(documents), table, refused, watermarks.newest)


def _refusal(number: int, value: bytes, error: DocumentError) -> DecodedRefusal:
    return DecodedRefusal(
        number, value, error.reason, error.field, error.value, error.allowed, error.document
    )
