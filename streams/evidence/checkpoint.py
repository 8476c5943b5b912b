"""Checkpoints: signed statements of how long the log is and what its root is (C2SP tlog-checkpoint)."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from detectors.errors import ZeromileError
from streams.evidence.ssh_signature import SigningKey

NAMESPACE: Final = "zeromile-checkpoint"
"""What an SSHSIG over a checkpoint is for."""
_ED25519: Final = b"\x01"
_KEY_ID_SIZE: Final = 4
_CHECKPOINT: Final = re.compile(r"(\S[^\n]*)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]{43}=)\n")
_STAMP: Final = re.compile(r"^time (\S+)$", re.MULTILINE)


class CheckpointError(ZeromileError):
    """A text that is no checkpoint, or two that cannot be of one log."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State of a log at a moment."""

    origin: str
    """Name of the log."""
    size: int
    root: bytes
    made_at: str
    """When, as RFC 3339, by the clock of whoever signs; a time stamp of somebody else says more."""

    @classmethod
    def of(cls, origin: str, size: int, root: bytes, now: datetime) -> Checkpoint:
        """State of a log as it is now."""
        stamp = now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return cls(origin, size, root, stamp)

    @property
    def body(self) -> str:
        """The text that is signed."""
        root = b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {self.made_at}\n"

    def signed(self, key: SigningKey) -> str:
        """The signed note: the text, and a signature that tools for such logs check."""
        signature = b64encode(key_id(self.origin, key.public) + key.sign_raw(self.body.encode()))
        return f"{self.body}\n\N{EM DASH} {self.origin} {signature.decode()}\n"

    @property
    def unsigned(self) -> str:
        """The text alone, where there is no key to sign with."""
        return f"{self.body}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint; its signature is not looked at.

    Raises
    ------
    CheckpointError
        If it is none.
    """
    found = _CHECKPOINT.match(text)
    if found is None:
        raise CheckpointError("this is no checkpoint: origin, size and root, a line each")
    stamp = _STAMP.search(text.partition("\n\n")[0])
    return Checkpoint(found[1], int(found[2]), b64decode(found[3]), stamp[1] if stamp else "")


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint from a file.

    Raises
    ------
    CheckpointError
        If the file cannot be read, or holds none.
    """
    try:
        return parse_checkpoint(path.read_text("utf-8"))
    except OSError as error:
        raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror}") from None
    except (UnicodeDecodeError, CheckpointError):
        raise CheckpointError(f"{path} is no checkpoint: origin, size and root, a line each") from None


def key_id(name: str, public: bytes) -> bytes:
    """By which a signed note tells its signers apart."""
    return sha256(f"{name}\n".encode() + _ED25519 + public).digest()[:_KEY_ID_SIZE]


def verifier_key(name: str, public: bytes) -> str:
    """The key as tools for signed notes take it (C2SP signed-note)."""
    key = b64encode(_ED25519 + public).decode()
    return f"{name}+{key_id(name, public).hex()}+{key}"


def check_no_fork(one: Checkpoint, other: Checkpoint) -> None:
    """Check that two checkpoints may be of one log, as far as they tell without a proof.

    Raises
    ------
    CheckpointError
        If they are of different logs, or of one size with two roots.
    """
    if one.origin != other.origin:
        raise CheckpointError(f"two logs: {one.origin} and {other.origin}")
    if one.size == other.size and one.root != other.root:
        raise CheckpointError(
            f"the log {one.origin} has been forked: two roots for its first {one.size} leaves"
        )
