"""Same seed, same bytes; bounded memory."""

import gzip

import numpy as np
import pytest

from streams.simulator.spool import Spool
from tests.simulator.conftest import write

SMALL = {"vehicles": 4000, "export_share": 0.2}


@pytest.fixture
def small(tmp_path):
    return write(tmp_path, **SMALL)


def test_same_seed_same_bytes(small, tmp_path_factory):
    again = write(tmp_path_factory.mktemp("again"), **SMALL)
    assert again.lines == small.lines
    assert again.truth == small.truth


def test_other_seed_other_bytes(small, tmp_path_factory):
    other = write(tmp_path_factory.mktemp("other"), **SMALL, seed=6)
    assert other.lines != small.lines


def test_gzip_holds_the_same_bytes(small, tmp_path_factory):
    directory = tmp_path_factory.mktemp("packed")
    for name in ("one.jsonl.gz", "two.jsonl.gz"):
        with pytest.raises(FileNotFoundError):
            write(directory, **SMALL, out=directory / name)  # it reads the plain name back
    one, two = (directory / f"{name}.jsonl.gz" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert gzip.decompress(one.read_bytes()) == b"\n".join(small.lines) + b"\n"


def test_memory_is_bounded_and_changes_nothing(country, tmp_path):
    limit = 1_000_000
    bounded = write(tmp_path, limit=limit)
    assert bounded.lines == country.lines
    one_block = 30_000_000  # a block is written at once: 16,384 vehicles, at most some documents each
    assert bounded.summary.most_bytes_held < limit + one_block
    assert bounded.summary.most_bytes_held < country.summary.most_bytes_held
    assert not list(tmp_path.glob("zeromile-*"))


@pytest.mark.parametrize("limit", [1, 500, 10**9])
def test_the_spool_sorts_and_keeps_ties_in_order(tmp_path, limit):
    rng = np.random.default_rng(3)
    keys = rng.integers(100, 400, 3000)
    lines = [f"{key},{number}".encode() for number, key in enumerate(keys.tolist())]
    spool = Spool(100, 400, 7, limit=limit, directory=tmp_path)
    for begin in range(0, 3000, 177):
        part = slice(begin, begin + 177)
        spool.add(keys[part], np.arange(3000)[part], lines[part])
    got = [(line, tag) for found, tags in spool for line, tag in zip(found, tags, strict=True)]
    spool.close()
    want = np.argsort(keys, kind="stable").tolist()
    assert [line for line, _ in got] == [lines[row] for row in want]
    assert [tag for _, tag in got] == want
    assert spool.most_held <= max(limit, 0) + sum(map(len, lines[:177])) + 2000
