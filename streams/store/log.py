"""The log in the database: leaves and rows in one transaction, one writer at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import Any

import msgspec
import sqlalchemy as sa

from streams.evidence import tree
from streams.evidence.entries import LogEntry, in_base64
from streams.store.copying import copy_rows
from streams.store.received import COLUMNS, TYPES
from streams.store.records import Received

_LOCKED = sa.text("UPDATE log_head SET size = size RETURNING size")
_GROWN = sa.text("UPDATE log_head SET size = :size")
_TILE = sa.text("SELECT hashes FROM log_tiles WHERE level = :level AND number = :number")
_PUT_TILE = sa.text(
    "INSERT INTO log_tiles (level, number, hashes) VALUES (:level, :number, :hashes) "
    "ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes"
)
_THERE = sa.text(
    "SELECT kafka_topic, kafka_partition, kafka_offset, value_sha256 FROM received_records "
    "WHERE kafka_topic = :topic AND kafka_partition = :partition "
    "AND kafka_offset BETWEEN :first AND :last"
)
_INSERT = (
    f"INSERT INTO received_records (leaf_index, {', '.join(COLUMNS)}) "  # noqa: S608 - our own names only
    f"VALUES (:leaf_index, {', '.join(f':{name}' for name in COLUMNS)})"
)
_COPY = f"COPY received_records (leaf_index, {', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)"

_Position = tuple[str, int, int, bytes]


def lock_log(connection: sa.Connection) -> int:
    """Wait until nobody else appends; how long the log is, and stays until the transaction ends."""
    size: int = connection.execute(_LOCKED).scalar_one()
    return size


def append_received(connection: sa.Connection, size: int, received: Sequence[Received]) -> None:
    """Keep the records that are not kept yet, and append their leaves to the locked log of `size`."""
    once: dict[_Position, Received] = {}
    for one in received:
        once.setdefault(one.position, one)
    for position in _known(connection, once):
        once.pop(position, None)
    new = list(once.values())
    if not new:
        return
    _insert(connection, [(size + place, *one.values) for place, one in enumerate(new)])
    leaves = [one.leaf for one in new]
    grown = tree.append(tiles_of(connection), size, leaves)
    tiles = [{"level": level, "number": number, "hashes": hashes} for (level, number), hashes in grown]
    connection.execute(_PUT_TILE, tiles)
    connection.execute(_GROWN, {"size": size + len(leaves)})


def tile_at(connection: sa.Connection) -> Callable[[int, int], bytes]:
    """Reads tiles of the log in this transaction."""

    def read(level: int, number: int) -> bytes:
        found = connection.execute(_TILE, {"level": level, "number": number}).scalar_one_or_none()
        return b"" if found is None else bytes(found)

    return read


def tiles_of(connection: sa.Connection) -> Callable[[int, int], bytes]:
    """Reads tiles of the log in this transaction, each once."""
    return cache(tile_at(connection))


def entry_of(row: Any) -> LogEntry:
    """Entry of the log for a row of `received_records`, its digest worked out from the bytes anew."""
    return LogEntry(
        headers=msgspec.json.decode(row.headers, type=tuple[tuple[str, str | None], ...]),
        key=in_base64(row.key),
        kind=row.kind,
        offset=row.kafka_offset,
        partition=row.kafka_partition,
        timestamp=row.kafka_timestamp,
        topic=row.kafka_topic,
        value_sha256=sha256(bytes(row.value)).hexdigest(),
    )


def _known(connection: sa.Connection, positions: Iterable[_Position]) -> Iterator[_Position]:
    """Positions within a batch's spans that are kept already: redelivered ones, hardly ever any."""
    offsets: dict[tuple[str, int], list[int]] = defaultdict(list)
    for topic, partition, offset, _ in positions:
        offsets[topic, partition].append(offset)
    for (topic, partition), span in offsets.items():
        bounds = {"topic": topic, "partition": partition, "first": min(span), "last": max(span)}
        for row in connection.execute(_THERE, bounds):
            yield row.kafka_topic, row.kafka_partition, row.kafka_offset, bytes(row.value_sha256)


def _insert(connection: sa.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    if connection.dialect.name == "postgresql":
        copy_rows(connection, _COPY, rows, ("int8", *TYPES))
        return
    names = ("leaf_index", *COLUMNS)
    connection.execute(sa.text(_INSERT), [dict(zip(names, row, strict=True)) for row in rows])
