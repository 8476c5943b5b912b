"""The log in the database, held against its records, its checkpoints, and one kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import sqlalchemy as sa

from streams.evidence import tree
from streams.evidence.checkpoint import NAMESPACE, Checkpoint, CheckpointError, parse_checkpoint
from streams.evidence.ssh_signature import SignatureError, verify
from streams.store.checkpoints import check_state
from streams.store.log import entry_of, tile_at

_HEAD = sa.text("SELECT origin, size FROM log_head")
_CHECKPOINTS = sa.text("SELECT size, checkpoint, signature FROM log_checkpoints ORDER BY size")
_RECORDS = sa.text(
    "SELECT * FROM received_records WHERE leaf_index >= :first ORDER BY leaf_index LIMIT 5000"
)
_TILES_AT_HAND = 256


class LogState(NamedTuple):
    """A log that holds."""

    state: Checkpoint
    records: int
    """Records whose bytes are kept."""
    checkpoints: int


def check_log(
    connection: sa.Connection,
    outside: Checkpoint | None = None,
    signer: bytes | None = None,
) -> LogState:
    """Hold the log against its records and its checkpoints.

    Parameters
    ----------
    connection
        To the store.
    outside
        A checkpoint that somebody else has kept.
    signer
        Public key that all checkpoints must be signed with.

    Raises
    ------
    CheckpointError
        If the log is shorter than a checkpoint, another one, or forked; or a record is not its leaf.
    streams.evidence.tree.TreeError
        If hashes of the log are missing or do not belong together.
    streams.evidence.ssh_signature.SignatureError
        If a checkpoint is not signed with the key.
    """
    origin, size = connection.execute(_HEAD).one()
    read = lru_cache(_TILES_AT_HAND)(tile_at(connection))
    tree.check_tiles(read, size)
    if outside is not None:
        check_state(read, Checkpoint(origin, size, b"", ""), outside)
    checkpoints = _check_checkpoints(connection, read, Checkpoint(origin, size, b"", ""), signer)
    records = 0
    for index, leaf in _leaves(connection):
        if index >= size or tree.leaf_at(read, index) != leaf:
            raise CheckpointError(f"the record at place {index} of the log {origin} has been changed")
        records += 1
    return LogState(Checkpoint(origin, size, tree.root(read, size), ""), records, checkpoints)


def _check_checkpoints(
    connection: sa.Connection, read: tree.ReadTile, now: Checkpoint, signer: bytes | None
) -> int:
    checked = 0
    for row in connection.execute(_CHECKPOINTS).all():
        check_state(read, now, parse_checkpoint(row.checkpoint))
        if signer is not None:
            try:
                verify(row.checkpoint.encode(), row.signature, NAMESPACE, signer)
            except SignatureError as error:
                raise SignatureError(f"the checkpoint of {row.size} leaves: {error}") from None
        checked += 1
    return checked


def _leaves(connection: sa.Connection) -> Iterator[tuple[int, bytes]]:
    """Leaf of every record that is kept, worked out from its bytes."""
    first = 0
    while rows := connection.execute(_RECORDS, {"first": first}).all():
        for row in rows:
            yield row.leaf_index, entry_of(row).leaf()
        first = rows[-1].leaf_index + 1
