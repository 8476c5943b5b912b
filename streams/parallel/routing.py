"""Which worker a document goes to: that of its VIN, found with as little decoding as will do."""

import unicodedata
from collections.abc import Sequence
from typing import Final
from zlib import crc32

import msgspec


class Document(msgspec.Struct, gc=False):
    """What the coordinator reads of a document; normalised, once it is routed."""

    vin: str
    event_id: str
    source: str
    revision: int = 0
    status: str = "valid"


class Routed:
    """A batch by workers.

    Attributes
    ----------
    documents
        What the coordinator reads of every document; ``None`` for one that the workers will refuse.
    owners
        The worker of every document, from 0.
    """

    __slots__ = ("_workers", "documents", "owners")

    def __init__(self, lines: Sequence[bytes], workers: int) -> None:
        self._workers = workers
        self.documents = [read_document(line) for line in lines]
        self.owners = [
            place % workers if document is None else owner_of(document.vin, workers)
            for place, document in enumerate(self.documents)
        ]

    def shares(self, lines: Sequence[bytes]) -> list[bytes]:
        """The lines of every worker, joined by line ends."""
        shares: list[list[bytes]] = [[] for _ in range(self._workers)]
        for line, owner in zip(lines, self.owners, strict=True):
            shares[owner].append(line)
        return [b"\n".join(share) for share in shares]

    def places(self, worker: int) -> list[int]:
        """Where in the batch the documents of a worker stand."""
        return [place for place, owner in enumerate(self.owners) if owner == worker]


_decode = msgspec.json.Decoder(Document).decode


def read_document(line: bytes) -> Document | None:
    """Read of a document what routing it takes, ``None`` if it cannot be read.

    Everything that the document contract lets in is read here, with the same VIN and identity; what
    else is read here does not matter, for the worker that gets it refuses it.
    """
    try:
        document = _decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    vin, event_id = document.vin, document.event_id
    if vin.isascii() and event_id.isascii():
        document.vin = vin.strip().upper()
        document.event_id = event_id.strip()
    else:
        document.vin = unicodedata.normalize("NFKC", vin).strip().upper()
        document.event_id = unicodedata.normalize("NFKC", event_id).strip()
    source = _known_sources.get(document.source)
    document.source = _remember_source(document.source) if source is None else source
    return document


_MOST_KNOWN_SOURCES: Final = 50_000
_known_sources: dict[str, str] = {}
"""Sources are few: each is normalised once, and shared in memory."""


def _remember_source(source: str) -> str:
    normal = unicodedata.normalize("NFKC", source).strip()
    if len(_known_sources) < _MOST_KNOWN_SOURCES:
        _known_sources[source] = normal
    return normal


def owner_of(vin: str, workers: int) -> int:
    """Worker that owns a vehicle, from 0: the same in every run."""
    return crc32(vin.encode(errors="replace")) % workers
