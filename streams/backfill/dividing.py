"""Rows of a run brought into the files of a ledger that is kept, bucket by bucket, in any process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from detectors.history import Content
from streams.backfill.arrays import flags, numbers, texts
from streams.backfill.buckets import Part, read_bucket

_ORDER: Final = [("vin", "ascending"), ("file", "ascending"), ("line", "ascending")]
_ORDINARY: Final = np.array([Content.INITIAL, Content.TRANSFER, Content.DEREGISTRATION], np.int32)
_LEVEL: Final = 1
"""Of compression: the next ones take thrice as long for a twentieth less."""
_ROWS: Final = 1 << 17
"""Rows of a group, which lie in memory together."""
_REPEATING: Final = ["source", "event_type", "initial_province"]
"""Columns of few words."""


class BucketFiles(NamedTuple):
    """Rows of a bucket, and where they are to lie."""

    parts: Sequence[Part]
    bucket: int
    moved: Sequence[str]
    """Vehicles of documents that came under several VINs."""
    several: Path
    """For vehicles that may have to be opened."""
    single: Path
    """For vehicles of one ordinary document, which hardly ever have to be: nobody who opens the others
    has to read past theirs."""


def write_bucket(_: Any, task: BucketFiles) -> list[Path]:
    """Write the rows of a bucket, sorted by vehicle; gives the files that there are."""
    rows = read_bucket(task.parts, task.bucket).combine_chunks()
    rows = rows.take(pc.sort_indices(rows, sort_keys=_ORDER))
    single = _single(rows, texts(task.moved))
    written = []
    for path, wanted in ((task.several, pc.invert(single)), (task.single, single)):
        some = rows.filter(wanted)
        if some.num_rows:
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(
                some, path, row_group_size=_ROWS, compression="zstd", compression_level=_LEVEL,
                use_dictionary=_REPEATING, store_schema=False,
            )  # fmt: skip
            written.append(path)
    return written


def _single(rows: pa.Table, moved: pa.Array) -> pa.Array:
    """Which sorted rows are the only ones of their vehicles, with nothing out of the ordinary."""
    vins = rows["vin"].combine_chunks()
    same = pc.equal(vins.slice(1), vins.slice(0, max(len(vins) - 1, 0)))
    edge = flags(np.zeros(min(len(vins), 1), np.bool_))
    fellows = pc.or_(pa.concat_arrays([edge, same]), pa.concat_arrays([same, edge]))
    odd = [
        pc.not_equal(rows["vin_fault"], 0),
        pc.not_equal(rows["year_gap"].fill_null(0), 0),
        pc.greater(rows["revision"], 0),
        rows["void"],
        pc.invert(pc.is_in(rows["content"], numbers(_ORDINARY, pa.int32()))),
        pc.is_in(rows["vin"], moved),
    ]
    for one in odd:
        fellows = pc.or_(fellows, one.combine_chunks())
    return pc.invert(fellows)
