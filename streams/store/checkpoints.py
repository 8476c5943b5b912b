"""Checkpoints of the log in the database: made, kept, stamped and handed out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

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
from streams.evidence.time_stamp import request_time_stamp
from streams.store.log import tiles_of

_HEAD = sa.text("SELECT origin, size FROM log_head")
_NEWEST = sa.text(
    "SELECT checkpoint, signature, time_stamp FROM log_checkpoints ORDER BY size DESC LIMIT 1"
)
_OF_EACH_DAY = {
    "postgresql": "SELECT MAX(size) FROM log_checkpoints WHERE size < :size "
    "GROUP BY CAST(made_at AT TIME ZONE 'UTC' AS date) ORDER BY 1",
    "sqlite": "SELECT MAX(size) FROM log_checkpoints WHERE size < :size "
    "GROUP BY substr(made_at, 1, 10) ORDER BY 1",
}
_STAMP = sa.text(
    "UPDATE log_checkpoints SET time_stamp = :time_stamp, stamp_wanted = FALSE WHERE size = :size"
)
_UNSTAMPED = sa.text(
    "SELECT checkpoint, signature, time_stamp FROM log_checkpoints WHERE stamp_wanted "
    "ORDER BY size DESC LIMIT :most"
)
_PUT = sa.text(
    "INSERT INTO log_checkpoints (size, checkpoint, signature, made_at, stamp_wanted) "
    "VALUES (:size, :checkpoint, :signature, :made_at, :stamp_wanted) ON CONFLICT (size) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint as it is handed out."""

    note: str
    """Signed note of C2SP's tlog-checkpoint."""
    signature: str
    """SSHSIG over the note."""
    time_stamp: bytes | None = None
    """Answer of a time-stamping authority by RFC 3161, over the note."""

    @property
    def state(self) -> Checkpoint:
        """What it says."""
        return parse_checkpoint(self.note)

    def write(self, folder: Path) -> None:
        """Put all of it into a folder, each file at once in the place of the one before."""
        files = {"checkpoint": self.note.encode(), "checkpoint.sig": self.signature.encode()}
        if self.time_stamp is None:
            (folder / "checkpoint.tsr").unlink(missing_ok=True)
        else:
            files["checkpoint.tsr"] = self.time_stamp
        for name, content in files.items():
            beside = folder / f".{name}.new"
            beside.write_bytes(content)
            beside.replace(folder / name)


def state_of_log(connection: sa.Connection, now: datetime) -> Checkpoint:
    """State of the log in this transaction."""
    origin, size = connection.execute(_HEAD).one()
    return Checkpoint.of(origin, size, tree.root(tiles_of(connection), size), now)


def origin_of(connection: sa.Connection) -> str:
    """Name of the log."""
    origin: str = connection.execute(_HEAD).one().origin
    return origin


def check_state(read: tree.ReadTile, now: Checkpoint, then: Checkpoint) -> None:
    """Check that the log as it is now begins with that of a checkpoint.

    Raises
    ------
    CheckpointError
        If it is another log, has been cut, or forked.
    """
    if then.origin == now.origin and then.size > now.size:
        raise CheckpointError(
            f"the log {now.origin} has been cut: it has {now.size} leaves, and had {then.size} "
            f"at {then.made_at}"
        )
    root = tree.root(read, min(then.size, now.size))
    check_no_fork(then, Checkpoint(now.origin, then.size, root, ""))


def consistency_proofs(
    connection: sa.Connection, now: Checkpoint, kept: Sequence[Checkpoint]
) -> dict[int, tuple[bytes, ...]]:
    """Proofs that the log goes on from the last checkpoint of each day, and from those given.

    Raises
    ------
    CheckpointError
        If it does not go on from one of those given.
    """
    read = tiles_of(connection)
    for one in kept:
        check_state(read, now, one)
    daily = sa.text(_OF_EACH_DAY[connection.dialect.name])
    sizes = {*connection.execute(daily, {"size": now.size}).scalars(), *(one.size for one in kept)}
    return {
        size: tuple(tree.consistency_proof(read, size, now.size))
        for size in sorted(sizes)
        if 0 < size < now.size
    }


def make_checkpoint(
    engine: sa.Engine, key: SigningKey, now: datetime, *, stamp_wanted: bool = False
) -> SignedCheckpoint | None:
    """Sign the log as it is, and keep that; nothing if it has not grown since the last one.

    With `stamp_wanted` it is among the `unstamped` until it has a time stamp.
    """
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
                "stamp_wanted": stamp_wanted,
            },
        )
    return made


def newest_checkpoint(engine: sa.Engine) -> SignedCheckpoint | None:
    """The checkpoint that was made last."""
    with engine.connect() as connection:
        newest = connection.execute(_NEWEST).first()
    return None if newest is None else _kept(newest)


def unstamped(engine: sa.Engine, most: int) -> list[SignedCheckpoint]:
    """Checkpoints that wait for a time stamp, the newest first: it covers all before it."""
    with engine.connect() as connection:
        return [_kept(row) for row in connection.execute(_UNSTAMPED, {"most": most})]


def _kept(row: sa.Row[Any]) -> SignedCheckpoint:
    stamp = row.time_stamp
    return SignedCheckpoint(row.checkpoint, row.signature, None if stamp is None else bytes(stamp))


def stamp(engine: sa.Engine, made: SignedCheckpoint, authority: str) -> SignedCheckpoint:
    """Have a checkpoint stamped by somebody else, and keep that.

    Raises
    ------
    streams.evidence.time_stamp.TimeStampError
        If the authority does not stamp it; the checkpoint stays as it is.
    """
    answer = request_time_stamp(made.note.encode(), authority)
    with engine.begin() as connection:
        connection.execute(_STAMP, {"size": made.state.size, "time_stamp": answer})
    return replace(made, time_stamp=answer)


def sign(state: Checkpoint, key: SigningKey) -> SignedCheckpoint:
    """A checkpoint in both forms of signature."""
    note = state.signed(key)
    return SignedCheckpoint(note, key.sign(note.encode(), NAMESPACE))
