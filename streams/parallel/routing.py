"""Which worker a document goes to: that of its VIN, found with as little decoding as will do."""

import unicodedata
from collections.abc import Sequence
from zlib import crc32

import msgspec


class Paper(msgspec.Struct, gc=False):
    """What the coordinator reads of a document; normalised, once it is routed."""

    vin: str
    event_id: str
    source: str
    revision: int = 0
    status: str = "valid"


class Share:
    """A worker's part of a batch."""

    __slots__ = ("lines", "places")

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.places: list[int] = []
        """Where in the batch they stand."""


class Routed:
    """A batch by workers.

    Attributes
    ----------
    papers
        What the coordinator reads of every document; ``None`` for one that the workers will refuse.
    shares
        A part for every worker.
    """

    __slots__ = ("papers", "shares")

    def __init__(self, lines: Sequence[bytes], workers: int) -> None:
        self.papers: list[Paper | None] = []
        self.shares = [Share() for _ in range(workers)]
        for place, line in enumerate(lines):
            paper = read_paper(line)
            owner = place % workers if paper is None else owner_of(paper.vin, workers)
            self.papers.append(paper)
            share = self.shares[owner]
            share.lines.append(line)
            share.places.append(place)


_decode = msgspec.json.Decoder(Paper).decode


def read_paper(line: bytes) -> Paper | None:
    """Read of a document what routing it takes, ``None`` if it cannot be read.

    Everything that the document contract lets in is read here, with the same VIN and identity; what
    else is read here does not matter, for the worker that gets it refuses it.
    """
    try:
        paper = _decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not (paper.vin.isascii() and paper.source.isascii() and paper.event_id.isascii()):
        paper.vin = unicodedata.normalize("NFKC", paper.vin)
        paper.source = unicodedata.normalize("NFKC", paper.source)
        paper.event_id = unicodedata.normalize("NFKC", paper.event_id)
    paper.vin = paper.vin.strip().upper()
    paper.source = paper.source.strip()
    paper.event_id = paper.event_id.strip()
    return paper


def owner_of(vin: str, workers: int) -> int:
    """Worker that owns a vehicle, from 0: the same in every run."""
    return crc32(vin.encode(errors="replace")) % workers
