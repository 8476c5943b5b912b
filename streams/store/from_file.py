"""Recorded alerts and documents into the store, without Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import sqlalchemy as sa

from detectors.decoding import decode
from detectors.identities import Decode, IdentityKey
from streams.feeds.reading import Line, batched, read_lines
from streams.store.ahead import one_ahead
from streams.store.database import refresh_statistics
from streams.store.records import Kind, Stored, StoredRecord
from streams.store.refreshing import refresh_views
from streams.store.writing import Batch, write_batch

BATCH = 5000
KINDS_OF_LINES = ("documents", "alerts")


FileAdvance = Callable[[Path], Callable[[int], None]]
"""Given a file, gives what is told how many of its bytes have been read."""


def store_files(
    engine: sa.Engine,
    paths: Iterable[Path],
    advance: FileAdvance | None = None,
    key: IdentityKey | None = None,
    read: Decode = decode,
) -> Stored:
    """Store the lines of files that hold alerts and documents; with a key, ids are digests."""
    done = Stored()
    batches = (
        Batch.of([_record(line) for line in lines], key, read)
        for path in paths
        for lines in batched(read_lines(path, advance and advance(path), KINDS_OF_LINES), BATCH)
    )
    for batch in one_ahead(batches):
        done.add(write_batch(engine, batch))
    refresh_statistics(engine)
    refresh_views(engine)
    return done


def _record(line: Line) -> StoredRecord:
    # Only alerts have an alert_id; a line that is neither is refused as a document would be.
    kind: Kind = "alert" if b'"alert_id"' in line.value else "document"
    return StoredRecord(kind, line.value, None, None, line.number)
