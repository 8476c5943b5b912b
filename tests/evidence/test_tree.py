"""The tree against RFC 6962's published vectors and its definition, word for word."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.evidence import tree

# Of certificate-transparency's test data: eight entries, and the root over the first n of them.
ENTRIES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = [
    (0, 8, ["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (5, 8, ["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (1, 5, ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
]  # fmt: skip


class Tiles:
    """A log in memory."""

    def __init__(self, entries=(), parts=(3,)):
        self.tiles, self.size, self.written = {}, 0, 0
        leaves = [tree.leaf_hash(entry) for entry in entries]
        turn = 0
        while leaves:
            step = parts[turn % len(parts)]
            self.append(leaves[:step])
            leaves, turn = leaves[step:], turn + 1

    def append(self, leaves):
        for tile, hashes in list(tree.append(self.read, self.size, leaves)):
            self.tiles[tile] = hashes
            self.written += 1
        self.size += len(leaves)

    def read(self, level, number):
        return self.tiles.get((level, number), b"")


def mth(entries):
    """RFC 6962, 2.1, as it stands there."""
    n = len(entries)
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = 1
    while 2 * k < n:
        k *= 2
    return sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size):
    log = Tiles(ENTRIES[:size])
    assert tree.root(log.read, size).hex() == ROOTS[size]
    assert tree.root(Tiles(ENTRIES).read, size).hex() == ROOTS[size], "of a longer log's beginning"


@pytest.mark.parametrize(("index", "size", "path"), PATHS)
def test_published_audit_paths(index, size, path):
    log = Tiles(ENTRIES)
    assert [step.hex() for step in tree.inclusion_proof(log.read, index, size)] == path


@given(st.integers(1, 1500), st.lists(st.integers(1, 700), min_size=1, max_size=5), st.data())
def test_any_log_in_any_portions_is_the_tree_of_its_definition(size, parts, data):
    entries = [str(number).encode() for number in range(size)]
    log = Tiles(entries, parts)
    assert tree.root(log.read, size) == mth(entries)

    index = data.draw(st.integers(0, size - 1))
    leaf = tree.leaf_hash(entries[index])
    assert tree.leaf_at(log.read, index) == leaf
    path = tree.inclusion_proof(log.read, index, size)
    assert tree.root_from_inclusion(index, size, leaf, path) == mth(entries)

    old = data.draw(st.integers(1, size))
    steps = tree.consistency_proof(log.read, old, size)
    roots = tree.roots_from_consistency(old, size, mth(entries[:old]), steps)
    assert roots == (mth(entries[:old]), mth(entries))


@given(st.integers(2, 300), st.data())
def test_no_other_leaf_place_or_size_is_proved(size, data):
    entries = [str(number).encode() for number in range(size)]
    log = Tiles(entries, (100,))
    index = data.draw(st.integers(0, size - 1))
    path = tree.inclusion_proof(log.read, index, size)
    leaf = tree.leaf_hash(entries[index])
    whole = tree.root(log.read, size)

    def proves(index, size, leaf, path):
        try:
            return tree.root_from_inclusion(index, size, leaf, path) == whole
        except tree.TreeError:
            return False

    assert proves(index, size, leaf, path)
    assert not proves((index + 1) % size, size, leaf, path)
    assert not proves(index, size, tree.leaf_hash(b"another"), path)
    assert not proves(index, size, leaf, path[:-1])
    assert not proves(index, size, leaf, [*path, whole])


def test_a_cut_log_is_found():
    log = Tiles([b"%d" % number for number in range(300)], (50,))
    log.tiles[0, 1] = log.tiles[0, 1][:-32]
    with pytest.raises(tree.TreeError, match="has been cut"):
        tree.root(log.read, 300)


def test_wrong_places_and_sizes_are_refused():
    log = Tiles(ENTRIES)
    for index, size in ((8, 8), (-1, 8)):
        with pytest.raises(tree.TreeError):
            tree.inclusion_proof(log.read, index, size)
    for old, new in ((0, 3), (4, 3)):
        with pytest.raises(tree.TreeError):
            tree.consistency_proof(log.read, old, new)
