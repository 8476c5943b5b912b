"""What the store is given, and what it makes of it: rows of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Row = dict[str, Any]
Kind = Literal["alert", "document", "case", "suppression"]
KINDS: tuple[Kind, ...] = ("alert", "document")
"""What the store is sent; events of cases, snoozes and exceptions come from the desk."""


class StoredRecord(NamedTuple):
    """A record as it was read from Kafka or a file."""

    kind: Kind
    value: bytes
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    """Offset in the topic, or line number in a file."""
    key: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()
    timestamp: int | None = None
    """Milliseconds since 1970, as the broker or the producer stamped it."""


class Received(NamedTuple):
    """A record as it is kept, with its leaf in the log."""

    position: tuple[str, int, int, bytes]
    """Topic, partition and offset, and the digest of the bytes that are kept."""
    leaf: bytes
    values: tuple[Any, ...]
    """Of its row, without the place in the log."""


class DocumentRow(NamedTuple):
    """A document as a row: the columns that its type has, identity and rank before all others."""

    columns: tuple[str, ...]
    values: tuple[Any, ...]
    """They begin with what tells documents apart, VIN, source and event id, then with what of two
    contents counts, the greater revision and digest."""


@dataclass(slots=True)
class TableRows:
    """Rows of every table that a batch of records comes to."""

    changes: list[Row] = field(default_factory=list)
    evidence: list[Row] = field(default_factory=list)
    documents: list[DocumentRow] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    @property
    def current(self) -> list[Row]:
        """The newest change of each alert in the batch."""
        newest: dict[str, Row] = {}
        for row in self.changes:
            known = newest.get(row["alert_id"])
            if known is None or row["revision"] > known["revision"]:
                newest[row["alert_id"]] = row
        return list(newest.values())

    @property
    def current_documents(self) -> list[DocumentRow]:
        """The newest revision of each document in the batch."""
        newest: dict[tuple[str, str, str], DocumentRow] = {}
        for row in self.documents:
            identity = row.values[:3]
            known = newest.setdefault(identity, row)
            if known is not row and row.values[3:5] > known.values[3:5]:
                newest[identity] = row
        return list(newest.values())


@dataclass(slots=True)
class Stored:
    """What became of a batch: read = stored + repeated + refused, per kind."""

    stored: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    repeated: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    refused: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def add(self, other: Stored) -> None:
        """Count another batch in."""
        for mine, theirs in (
            (self.stored, other.stored),
            (self.repeated, other.repeated),
            (self.refused, other.refused),
        ):
            for kind in KINDS:
                mine[kind] += theirs[kind]

    @classmethod
    def total(cls, batches: Sequence[Stored]) -> Stored:
        """Sum of several batches."""
        whole = cls()
        for batch in batches:
            whole.add(batch)
        return whole
