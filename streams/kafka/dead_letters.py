"""Refused documents on Kafka: bytes, key and headers unchanged, and headers that say why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

PREFIX: Final = "dlq."
ATTEMPTS: Final = "zeromile.attempts"
"""Header of a record that was sent again after it had been refused: how often."""
MAXIMUM_BYTES: Final = 900_000
"""Most of a whole letter, its key and headers included: brokers take 1 MiB unless told otherwise. What
is cut shows in the headers `dlq.original.size`, `….key.size` and `….headers`."""
MAXIMUM_KEY_BYTES: Final = 1_000
MAXIMUM_HEADER_BYTES: Final = 200_000
"""Most of the publisher's headers; of those beyond it none is kept."""
LITTLE: Final = 200
"""Bytes of a refused value that are not cut before its headers are."""
SMALLER: Final = 4
"""By how much a value gets smaller at a time, for a topic that takes less than others."""
MAXIMUM_MESSAGE: Final = 2_000
MOST_DIGITS: Final = 5
HEADER_OVERHEAD: Final = 10
"""Bytes that a header takes beside its name and value, at most."""

Headers = Sequence[tuple[str, bytes | None]]


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
    source: Source,
    refusal: Refusal,
    record: tuple[bytes | None, bytes | None, Headers],
    version: str,
) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    """Key, value and headers to write for the key, value and headers of a refused record."""
    key, value, headers = record
    # The number of attempts first: it must not be among what does not fit.
    original = sorted(original_headers(headers), key=lambda header: header[0] != ATTEMPTS)
    kept = list(_that_fit(original))
    described = {
        "original.topic": source.topic,
        "original.partition": source.partition,
        "original.offset": source.offset,
        "original.timestamp": source.timestamp,
        "original.size": len(value or b""),
        "error.class": refusal.reason,
        "error.message": refusal.message[:MAXIMUM_MESSAGE],
        "stage": refusal.stage,
        "failed_at": refusal.failed_at,
        "version": version,
    }
    if len(key or b"") > MAXIMUM_KEY_BYTES:
        described["original.key.size"] = len(key or b"")
    if len(kept) < len(original):
        described["original.headers"] = len(original)
    key = key[:MAXIMUM_KEY_BYTES] if key is not None else None
    kept += [(PREFIX + name, str(text).encode("utf-8", "replace")) for name, text in described.items()]
    room = MAXIMUM_BYTES - len(key or b"") - sum(map(_size, kept))
    return key, value[:room] if value is not None else None, kept


def smaller_letter(
    letter: tuple[bytes | None, bytes | None, Headers],
) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]:
    """The letter with less of its record, for a topic that takes no records of a usual size."""
    key, value, headers = letter
    ours = [header for header in headers if header[0].startswith(PREFIX) or header[0] == ATTEMPTS]
    theirs = sum(map(_size, headers)) - sum(map(_size, ours))
    if value is not None and len(value) > max(LITTLE, theirs):
        return key, value[: len(value) // SMALLER], list(headers)
    if theirs:
        count = len(list(original_headers(headers)))
        told = any(name == f"{PREFIX}original.headers" for name, _ in ours)
        return key, value, ours if told else [*ours, (f"{PREFIX}original.headers", str(count).encode())]
    return None, None, ours


def original_headers(headers: Headers) -> Iterable[tuple[str, bytes | None]]:
    """Headers that the publisher wrote, without ours (a redriven letter may fail again)."""
    return ((name, data) for name, data in headers if not name.startswith(PREFIX))


def _that_fit(headers: Headers) -> Iterator[tuple[str, bytes | None]]:
    room = MAXIMUM_HEADER_BYTES
    for header in headers:
        room -= _size(header)
        if room < 0:
            return
        yield header


def _size(header: tuple[str, bytes | None]) -> int:
    name, data = header
    return len(name.encode()) + len(data or b"") + HEADER_OVERHEAD


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
        return (found[-1] or b"").decode("utf-8", "replace") if found else ""

    @property
    def identity(self) -> str:
        """Name of the letter: where the refused record was read."""
        return "/".join(self.about(f"original.{part}") for part in ("topic", "partition", "offset"))

    @property
    def attempts(self) -> int:
        """How often the record was sent again."""
        said = next((data for name, data in self.headers if name == ATTEMPTS), None) or b""
        return int(said) if said.isdigit() and len(said) < MOST_DIGITS else 0

    @property
    def cut(self) -> bool:
        """Whether the record was too large to keep whole."""
        whole = {name: self.about(f"original.{name}") for name in ("size", "key.size", "headers")}
        return bool(whole["key.size"] or whole["headers"]) or (
            int(whole["size"] or 0) > len(self.value or b"")
        )
