"""Rows divided by their vehicles into buckets, so that memory holds one bucket at a time."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from streams.backfill.arrays import numbers
from streams.backfill.columns import SCHEMA
from streams.feeds.reading import STANDARD_INPUT

BUCKETS: Final = 16
"""At most, and of what nobody knows how large it is or will be: to open each part once more for more of
them costs more than it saves."""
_BYTES: Final = 96 << 20
"""Of lines whose rows are in memory together."""
_FILE: Final = SCHEMA.get_field_index("file")
_LINE: Final = SCHEMA.get_field_index("line")
_BASE: Final = np.uint32(31)
_SPREAD: Final = np.uint32(2_654_435_761)
"""Knuth's multiplier, which carries what differs in the last characters to the first bits."""
_UPPER: Final = np.uint32(16)


class Part(NamedTuple):
    """Rows that were read together, in an Arrow file with a batch for each bucket."""

    table: Path
    file: int
    """Number of their file, from 0."""
    base: int
    """Lines of the file before them."""


def number_of_buckets(files: Iterable[Path]) -> int:
    """Into how many buckets the rows of files are best divided."""
    size = 0
    for file in files:
        if file == STANDARD_INPUT or not file.is_file() or file.suffix == ".gz":
            return BUCKETS
        size += file.stat().st_size
    return min(1 + size // _BYTES, BUCKETS)


def buckets_of(vins: pa.StringArray, buckets: int) -> NDArray[np.uint32]:
    """The bucket of each VIN, none of which is empty: the polynomial of its characters, spread."""
    if buckets == 1 or not len(vins):
        return np.zeros(len(vins), np.uint32)
    _, ends, data = vins.buffers()
    bounds = np.frombuffer(ends, np.int32)[vins.offset : vins.offset + len(vins) + 1]
    characters = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]].astype(np.uint32)
    starts, lengths = bounds[:-1] - bounds[0], np.diff(bounds)
    powers = np.cumprod(np.full(int(lengths.max()), _BASE), dtype=np.uint32)
    places = np.arange(len(characters)) - np.repeat(starts, lengths)
    spread = np.add.reduceat(characters * powers[places], starts, dtype=np.uint32) * _SPREAD
    return (spread >> _UPPER) % np.uint32(buckets)


def write_divided(rows: pa.Table, path: Path, buckets: int) -> None:
    """Write the rows of a part, those of a bucket together and in the order of their lines."""
    [batch] = rows.unify_dictionaries().combine_chunks().to_batches()
    of_rows = buckets_of(batch["vin"], buckets)
    order = np.lexsort((_lines(batch), of_rows))
    sorted_rows = batch.take(numbers(order, pa.int64()))
    bounds = np.searchsorted(of_rows[order], np.arange(buckets + 1))
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, SCHEMA) as out:
        for first, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            out.write_batch(sorted_rows.slice(first, end - first))


def read_bucket(parts: Sequence[Part], bucket: int) -> pa.Table:
    """The rows of a bucket with the files and lines they came from, as they lie on the disk."""
    return pa.Table.from_batches(_batches(parts, [bucket]), SCHEMA)


def read_parts(parts: Sequence[Part], buckets: int) -> pa.Table:
    """The rows of some parts, whatever their bucket."""
    return pa.Table.from_batches(_batches(parts, range(buckets)), SCHEMA)


def _batches(parts: Sequence[Part], buckets: Sequence[int]) -> Iterator[pa.RecordBatch]:
    for part in parts:
        with pa.memory_map(str(part.table)) as source:
            read = pa.ipc.open_file(source)
            for bucket in buckets:
                yield _placed(read.get_batch(bucket), part)


def _placed(batch: pa.RecordBatch, part: Part) -> pa.RecordBatch:
    """Rows with the file and line that they came from."""
    files = np.full(len(batch), part.file, np.int32)
    columns = batch.columns
    columns[_FILE] = numbers(files, pa.int32())
    columns[_LINE] = numbers(_lines(batch) + part.base, pa.int64())
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def _lines(batch: pa.RecordBatch) -> NDArray[np.int64]:
    """Their numbers: Arrow's own way to NumPy would import pandas, a quarter of a second."""
    column = batch["line"]
    lines = np.frombuffer(column.buffers()[1], np.int64)
    return lines[column.offset : column.offset + len(column)]
