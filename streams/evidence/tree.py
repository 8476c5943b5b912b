"""The tree of RFC 6962 over the leaves of the log, kept in tiles of 256 hashes.

A tile of level 0 holds leaf hashes; one of level n+1 holds the roots of full tiles of level n. So
appending reads and writes a handful of tiles however long the log is, and any root or proof needs
only the tiles on its way (the layout of C2SP's ``tlog-tiles``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final

from detectors.errors import ZeromileError

HASH_SIZE: Final = 32
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
EMPTY_ROOT: Final = sha256(b"").digest()

Tile = tuple[int, int]
"""Level and number of a tile."""
ReadTile = Callable[[int, int], bytes]
"""Given level and number, gives the hashes of a tile one after the other; empty where there is none."""


class TreeError(ZeromileError):
    """A tree that cannot be as it is said to be."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash of an entry of the log."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def append(read: ReadTile, size: int, leaves: Sequence[bytes]) -> Iterator[tuple[Tile, bytes]]:
    """Tiles that are new or longer once leaves are appended.

    Parameters
    ----------
    read
        Reads the tiles of the log as it is.
    size
        Its number of leaves.
    leaves
        Hashes of the leaves to append.
    """
    level, start, hashes = 0, size, list(leaves)
    while hashes:
        number, within = divmod(start, TILE_WIDTH)
        if within:
            old = read(level, number)[: within * HASH_SIZE]
            hashes = [old[at : at + HASH_SIZE] for at in range(0, len(old), HASH_SIZE)] + hashes
        roots = []
        for place in range(0, len(hashes), TILE_WIDTH):
            part = hashes[place : place + TILE_WIDTH]
            yield (level, number + place // TILE_WIDTH), b"".join(part)
            if len(part) == TILE_WIDTH:
                roots.append(_fold(part))
        level, start, hashes = level + 1, number, roots


def _fold(hashes: Sequence[bytes]) -> bytes:
    """Root over a power of two of neighbouring hashes."""
    while len(hashes) > 1:
        hashes = [
            sha256(b"\x01" + hashes[at] + hashes[at + 1]).digest() for at in range(0, len(hashes), 2)
        ]
    return hashes[0]


def root(read: ReadTile, size: int) -> bytes:
    """Root of the tree over the first `size` leaves."""
    return _range_hash(read, 0, size) if size else EMPTY_ROOT


def leaf_at(read: ReadTile, index: int) -> bytes:
    """Leaf hash at a place."""
    return _subtree(read, index, 1)


def check_tiles(read: ReadTile, size: int) -> None:
    """Check that the tiles of a log of `size` leaves are there, and each is what those below come to.

    Raises
    ------
    TreeError
        If one is not.
    """
    level = 0
    while size:
        for number in range(-(-size // TILE_WIDTH)):
            width = min(TILE_WIDTH, size - number * TILE_WIDTH)
            tile = read(level, number)
            if len(tile) < width * HASH_SIZE:
                raise _cut(level, number)
            if width == TILE_WIDTH:
                hashes = [tile[at : at + HASH_SIZE] for at in range(0, len(tile), HASH_SIZE)]
                above, within = divmod(number, TILE_WIDTH)
                known = read(level + 1, above)[within * HASH_SIZE : (within + 1) * HASH_SIZE]
                if _fold(hashes[:TILE_WIDTH]) != known:
                    raise TreeError(
                        f"tile {number} of level {level} of the log is not what the level above says: "
                        "hashes have been changed"
                    )
        level, size = level + 1, size // TILE_WIDTH


def _cut(level: int, number: int) -> TreeError:
    return TreeError(f"tile {number} of level {level} of the log lacks hashes: the log has been cut")


def inclusion_proof(read: ReadTile, index: int, size: int) -> list[bytes]:
    """Audit path of a leaf in the tree over the first `size` leaves (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise TreeError(f"leaf {index} of a tree of {size}; allowed: 0 to {size - 1}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_range_hash(read, middle, end))
            end = middle
        else:
            path.append(_range_hash(read, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(read: ReadTile, old: int, new: int) -> list[bytes]:
    """Proof that the tree over `new` leaves begins with the tree over `old` (RFC 6962, 2.1.2)."""
    if not 0 < old <= new:
        raise TreeError(f"sizes {old} and {new}; allowed: 0 < old ≤ new")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_range_hash(read, middle, end))
            end = middle
        else:
            path.append(_range_hash(read, start, middle))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(read, start, end))
    return path[::-1]


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """Root that an inclusion proof leads to (RFC 9162, 2.1.3.2).

    Raises
    ------
    TreeError
        If the proof cannot be one of this leaf in a tree of this size.
    """
    if not 0 <= index < size:
        raise TreeError(f"leaf {index} of a tree of {size}")
    place, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            raise TreeError("the inclusion proof is too long")
        if place & 1 or place == last:
            found = node_hash(step, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, step)
        place, last = place >> 1, last >> 1
    if last:
        raise TreeError("the inclusion proof is too short")
    return found


def roots_from_consistency(
    old: int, new: int, old_root: bytes, path: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Roots of both trees that a consistency proof leads to (RFC 9162, 2.1.4.2).

    Raises
    ------
    TreeError
        If the proof cannot be one of trees of these sizes.
    """
    if not 0 < old <= new:
        raise TreeError(f"sizes {old} and {new}; allowed: 0 < old ≤ new")
    if old == new:
        if path:
            raise TreeError("the consistency proof is too long")
        return old_root, old_root
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        raise TreeError("the consistency proof is too short")
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise TreeError("the consistency proof is too long")
        if place & 1 or place == last:
            first, second = node_hash(step, first), node_hash(step, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, step)
        place, last = place >> 1, last >> 1
    if last:
        raise TreeError("the consistency proof is too short")
    return first, second


def _split(size: int) -> int:
    """Largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


def _range_hash(read: ReadTile, start: int, end: int) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        return _subtree(read, start, size)
    middle = start + _split(size)
    return node_hash(_range_hash(read, start, middle), _range_hash(read, middle, end))


def _subtree(read: ReadTile, start: int, size: int) -> bytes:
    """Root over a power of two of leaves that begin at a multiple of it."""
    level, width = divmod(size.bit_length() - 1, TILE_HEIGHT)
    number, within = divmod(start >> level * TILE_HEIGHT, TILE_WIDTH)
    tile = read(level, number)
    first, last = within * HASH_SIZE, (within + (1 << width)) * HASH_SIZE
    if len(tile) < last:
        raise _cut(level, number)
    return _fold([tile[at : at + HASH_SIZE] for at in range(first, last, HASH_SIZE)])
