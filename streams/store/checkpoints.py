"""Checkpoints of the log in the database: made, kept, handed out, and held against the log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from streams.evidence import tree
from streams.evidence.checkpoint import (
    NAMESPACE,
    Checkpoint,
    CheckpointError,
    check_no_fork,
    parse_checkpoint,
)
from streams.evidence.ssh_signature import SigningKey
from streams.store.log import entry_of, tiles_of

_HEAD = sa.text("SELECT origin, size FROM log_head")
_NEWEST = sa.text("SELECT checkpoint, signature FROM log_checkpoints ORDER BY size DESC LIMIT 1")
_PUT = sa.text(
    "INSERT INTO log_checkpoints (size, checkpoint, signature, made_at) "
    "VALUES (:size, :checkpoint, :signature, :made_at) ON CONFLICT (size) DO NOTHING"
)
_RECORDS = sa.text(
    "SELECT * FROM received_records WHERE leaf_index >= :first ORDER BY leaf_index LIMIT 5000"
)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint as it is handed out."""

    note: str
    """Signed note of C2SP's tlog-checkpoint."""
    signature: str
    """SSHSIG over the note."""

    @property
    def state(self) -> Checkpoint:
        """What it says."""
        return parse_checkpoint(self.note)

    def write(self, folder: Path) -> None:
        """Put note and signature into a folder, each at once in the place of the one before."""
        for name, text in (("checkpoint", self.note), ("checkpoint.sig", self.signature)):
            beside = folder / f".{name}.new"
            beside.write_text(text, "utf-8")
            beside.replace(folder / name)


def state_of_log(connection: sa.Connection, now: datetime) -> Checkpoint:
    """State of the log in this transaction."""
    origin, size = connection.execute(_HEAD).one()
    return Checkpoint.of(origin, size, tree.root(tiles_of(connection), size), now)


def make_checkpoint(engine: sa.Engine, key: SigningKey, now: datetime) -> SignedCheckpoint | None:
    """Sign the log as it is, and keep that; nothing if it has not grown since the last one."""
    with engine.begin() as connection:
        newest = connection.execute(_NEWEST).first()
        size = connection.execute(_HEAD).one().size
        if size == 0 or (newest and parse_checkpoint(newest.checkpoint).size == size):
            return None
        made = sign(state_of_log(connection, now), key)
        connection.execute(
            _PUT,
            {
                "size": made.state.size,
                "checkpoint": made.note,
                "signature": made.signature,
                "made_at": now.isoformat() if connection.dialect.name == "sqlite" else now,
            },
        )
    return made


def sign(state: Checkpoint, key: SigningKey) -> SignedCheckpoint:
    """A checkpoint in both forms of signature."""
    note = state.signed(key)
    return SignedCheckpoint(note, key.sign(note.encode(), NAMESPACE))


def check_log(connection: sa.Connection, outside: Checkpoint | None) -> Checkpoint:
    """Hold the log against its records and against a checkpoint that somebody else has kept.

    Raises
    ------
    CheckpointError
        If the log is shorter than the checkpoint, another one, or forked; or a record is not its leaf.
    streams.evidence.tree.TreeError
        If hashes of the log are missing.
    """
    origin, size = connection.execute(_HEAD).one()
    read = tiles_of(connection)
    root = tree.root(read, size)
    now = Checkpoint(origin, size, root, "")
    if outside is not None:
        if outside.size > size:
            raise CheckpointError(
                f"the log {origin} has been cut: it has {size} leaves, and had {outside.size} "
                f"at {outside.made_at}"
            )
        then = Checkpoint(origin, outside.size, tree.root(read, outside.size), "")
        check_no_fork(outside, then)
    for index, leaf in _leaves(connection):
        if index >= size or tree.leaf_at(read, index) != leaf:
            raise CheckpointError(f"the record at place {index} of the log {origin} has been changed")
    return now


def _leaves(connection: sa.Connection) -> Iterator[tuple[int, bytes]]:
    """Leaf of every record that is kept, worked out from its bytes."""
    first = 0
    while rows := connection.execute(_RECORDS, {"first": first}).all():
        for row in rows:
            yield row.leaf_index, entry_of(row).leaf()
        first = rows[-1].leaf_index + 1
