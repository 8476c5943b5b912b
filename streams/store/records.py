"""What the store is given, and what it makes of it: rows of its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Row = dict[str, Any]
Kind = Literal["alert", "document", "case"]
KINDS: tuple[Kind, ...] = ("alert", "document")
"""What the store is sent; events of cases come from the desk."""


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
    """A record as it is kept, and what it is about."""

    record: StoredRecord
    """Bytes as they came; with an identity key, without what they tell of people and companies."""
    concealed: bool
    belongs_to: str
    """VIN of a document, alert id of an alert change or of a case's event."""
    revision: int
    source: str | None = None
    event_id: str | None = None
    content_digest: str | None = None
    civil_day: int | None = None


@dataclass(slots=True)
class TableRows:
    """Rows of every table that a batch of records comes to."""

    changes: list[Row] = field(default_factory=list)
    evidence: list[Row] = field(default_factory=list)
    documents: list[Row] = field(default_factory=list)
    refused: list[Row] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    @property
    def current(self) -> list[Row]:
        """The newest change of each alert in the batch, in one order for all writers."""
        newest: dict[str, Row] = {}
        for row in self.changes:
            known = newest.get(row["alert_id"])
            if known is None or row["revision"] > known["revision"]:
                newest[row["alert_id"]] = row
        return [newest[alert_id] for alert_id in sorted(newest)]

    @property
    def current_documents(self) -> list[Row]:
        """The newest revision of each document in the batch, in one order for all writers."""
        newest: dict[tuple[str, str, str], Row] = {}
        for row in self.documents:
            identity = (row["vin"], row["source"], row["event_id"])
            known = newest.get(identity)
            if known is None or _rank(row) > _rank(known):
                newest[identity] = row
        return [newest[identity] for identity in sorted(newest)]


def _rank(row: Row) -> tuple[int, str]:
    return row["revision"], row["content_digest"]


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
