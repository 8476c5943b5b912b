"""A chunk of lines decoded: rows of a ledger in a file, and the lines that were refused."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from detectors.decoding import decode as plain_decode
from detectors.documents import Document
from detectors.errors import DocumentError, Reason
from detectors.identities import Decode
from detectors.watermarks import NewestDays, WatermarkPolicy, Watermarks
from streams.backfill.buckets import write_divided
from streams.backfill.chunks import Chunk
from streams.backfill.columns import SCHEMA, columns_of
from streams.backfill.sound import Sound, find_sound


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
    """Arrow file of the rows, a batch a bucket, where there are any; `line` counts from the chunk's
    beginning."""
    refused: list[DecodedRefusal]
    newest: NewestDays


def nobody_is_late() -> Watermarks:
    """Notes how far sources have come, which does not depend on how late documents may be."""
    return Watermarks(WatermarkPolicy(allowed_lateness_days=0, idle_after_days=0))


def decode_chunk(
    chunk: Chunk, decode: Decode, directory: Path, buckets: int = 1, *, kept: bool = False
) -> Decoded:
    """Decode the lines of a chunk strictly, and write its rows into a directory.

    Parameters
    ----------
    chunk
        The lines.
    decode
        Reads a document.
    directory
        For the rows.
    buckets
        Into how many the rows are divided.
    kept
        Whether the rows are to be kept: every document is in them as it was decoded then, and not as
        the line that it was.
    """
    lines = [line.rstrip(b"\r") for line in chunk.lines()]
    numbers = np.arange(1, len(lines) + 1)
    count = len(lines)
    if not all(lines):
        places = np.flatnonzero(list(map(len, lines)))
        lines, numbers = list(filter(None, lines)), numbers[places]
    watermarks = nobody_is_late()
    sound = Sound([], list(range(len(lines))))
    if decode is plain_decode and not kept:
        sound = find_sound(lines, numbers, chunk.part, watermarks)
    rest = [(int(numbers[place]), lines[place]) for place in sound.rest if not lines[place].isspace()]
    documents, refused = decode_each(rest, decode, watermarks)
    batches = [*sound.batches, *columns_of(*documents, chunk.part)]
    rows, table = pa.Table.from_batches(batches, SCHEMA), None
    if batches:
        table = directory / f"{chunk.part:08}.arrow"
        write_divided(rows, table, buckets)
    return Decoded(count, rows.num_rows, table, refused, watermarks.newest)


def decode_each(
    lines: Iterable[tuple[int, bytes]], decode: Decode, watermarks: Watermarks
) -> tuple[tuple[list[Document], list[int]], list[DecodedRefusal]]:
    """Documents and the numbers of their lines, and the lines that are none."""
    documents: list[Document] = []
    numbers: list[int] = []
    refused: list[DecodedRefusal] = []
    for number, value in lines:
        try:
            document = decode(value)
        except DocumentError as error:
            refused.append(_refusal(number, value, error))
            continue
        watermarks.observe(document)
        documents.append(document)
        numbers.append(number)
    return (documents, numbers), refused


def _refusal(number: int, value: bytes, error: DocumentError) -> DecodedRefusal:
    return DecodedRefusal(
        number, value, error.reason, error.field, error.value, error.allowed, error.document
    )
