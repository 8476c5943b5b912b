"""Refused documents on Kafka: bytes, key and headers unchanged, and headers that say why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

PREFIX: Final = "dlq."
MAXIMUM_PAYLOAD: Final = 1_000_000
"""Longer payloads are cut, which the header `dlq.original.size` shows."""

Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a refused record was read.

    Parameters
    ----------
    timestamp
        Time of the record on the broker, milliseconds since 1970.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record was refused.

    Parameters
    ----------
    reason
        Stable class of the fault, to route on.
    message
        What is wrong and what is allowed, for people.
    stage
        Where in the service it was refused.
    failed_at
        Wall clock, RFC 3339.
    """

    reason: str
    message: str
    stage: str
    failed_at: str


def dead_letter(
    source: Source, refusal: Refusal, value: bytes | None, headers: Headers, version: str
) -> tuple[bytes | None, list[tuple[str, bytes]]]:
    """Value and headers to write for a refused record."""
    size = len(value) if value is not None else 0
    described = {
        "original.topic": source.topic,
        "original.partition": source.partition,
        "original.offset": source.offset,
        "original.timestamp": source.timestamp,
        "original.size": size,
        "error.class": refusal.reason,
        "error.message": refusal.message,
        "stage": refusal.stage,
        "failed_at": refusal.failed_at,
        "version": version,
    }
    kept = list(original_headers(headers))
    kept += [(PREFIX + name, str(text).encode()) for name, text in described.items()]
    return (value[:MAXIMUM_PAYLOAD] if value is not None else None), kept


def original_headers(headers: Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, bytes]]:
    """Headers that the publisher wrote, without ours (a redriven letter may fail again)."""
    return ((name, data) for name, data in headers if not name.startswith(PREFIX))


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A refused record as the dead-letter topic holds it."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    def about(self, name: str) -> str:
        """One of our headers as text, empty if it is missing."""
        found = [data for header, data in self.headers if header == PREFIX + name]
        return found[-1].decode("utf-8", "replace") if found else ""

    @property
    def identity(self) -> str:
        """Name of the letter: where the refused record was read."""
        return "/".join(self.about(f"original.{part}") for part in ("topic", "partition", "offset"))

    @property
    def cut(self) -> bool:
        """Whether the payload was too long to keep whole."""
        return int(self.about("original.size") or 0) > len(self.value or b"")
