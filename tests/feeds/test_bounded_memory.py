"""Data of any size are read in bounded memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.feeds.feeds_of_tests import PLAIN

PROGRAM = r"""
import resource, sys
from pathlib import Path
from streams.feeds.compiling import compile_feed
from streams.feeds.converting import Conversion
from streams.feeds.loading import load_feed
from streams.feeds.trial import Trial
feed, data = compile_feed(load_feed(sys.argv[1])), [Path(sys.argv[2])]
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if sys.argv[3] == "convert":
    rows = sum(block.count(b"\n") for block in Conversion(feed).blocks(data))
else:
    rows = Trial(feed).run(data).account.converted
print(rows, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)
"""


@pytest.mark.parametrize(
    "mebibytes",
    [pytest.param(48, marks=pytest.mark.slow), pytest.param(1024, marks=pytest.mark.nightly)],
)
def test_a_large_table_takes_no_more_memory_than_a_small_one(mebibytes: int, tmp_path: Path) -> None:
    (tmp_path / "feed.toml").write_text(PLAIN)
    row = "LRW3E7FS5PC%06d,01.02.2025,1,BRAND %d," + "x" * 400 + "\n"
    number = (mebibytes << 20) // len(row % (0, 0))
    with (tmp_path / "data.csv").open("w") as file:
        file.write("VIN,DAY,WHAT,BRAND,NOTE\n")
        file.writelines(row % (n % 1_000_000, n) for n in range(number))
    for work in ("convert", "check"):
        told = subprocess.run(
            [sys.executable, "-c", PROGRAM, tmp_path / "feed.toml", tmp_path / "data.csv", work],
            check=True, capture_output=True, text=True,
        ).stdout.split()  # fmt: skip
        assert int(told[0]) == number
        assert int(told[1]) < 48, work  # MiB, whatever the file's size
