"""A log of ten million leaves: appending costs what it cost at first, and a proof takes no time."""

from __future__ import annotations

import time
from hashlib import sha256

import pytest

from streams.evidence import tree

LEAVES, BATCH = 10_000_000, 2_000
PROOF_SECONDS = 0.05


class CountedTiles:
    """Tiles in memory, and how many of them were read and written."""

    def __init__(self) -> None:
        self.tiles: dict[tree.Tile, bytes] = {}
        self.size = self.read_tiles = self.written = 0

    def read(self, level: int, number: int) -> bytes:
        """One tile."""
        self.read_tiles += 1
        return self.tiles.get((level, number), b"")

    def grow(self, size: int) -> None:
        """Append leaves, a batch at a time, until there are so many."""
        while self.size < size:
            leaves = [
                sha256(number.to_bytes(8)).digest() for number in range(self.size, self.size + BATCH)
            ]
            for tile, hashes in tree.append(self.read, self.size, leaves):
                self.tiles[tile] = hashes
                self.written += 1
            self.size += BATCH


def of_a_million(log: CountedTiles) -> tuple[int, int]:
    """Tiles read and written while a million leaves are appended."""
    read, written = log.read_tiles, log.written
    log.grow(log.size + 1_000_000)
    return log.read_tiles - read, log.written - written


@pytest.mark.nightly
def test_the_tenth_million_costs_what_the_first_did_and_a_proof_takes_no_time() -> None:
    log = CountedTiles()
    first = of_a_million(log)
    log.grow(LEAVES - 1_000_000)
    last = of_a_million(log)
    assert log.size == LEAVES
    # A longer log has one level more at most: a tile a batch.
    batches = 1_000_000 // BATCH
    for early, late in zip(first, last, strict=True):
        assert abs(late - early) <= batches

    root = tree.root(log.read, LEAVES)
    for index in (0, 1, 4_999_999, LEAVES - 1):
        taken = []
        for _ in range(20):
            begun = time.perf_counter()
            path = tree.inclusion_proof(log.read, index, LEAVES)
            taken.append(time.perf_counter() - begun)
        assert min(taken) <= PROOF_SECONDS
        leaf = sha256(index.to_bytes(8)).digest()
        assert tree.root_from_inclusion(index, LEAVES, leaf, path) == root
    old = 1_234_567
    path = tree.consistency_proof(log.read, old, LEAVES)
    before = tree.root(log.read, old)
    assert tree.roots_from_consistency(old, LEAVES, before, path) == (before, root)
