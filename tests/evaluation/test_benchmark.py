"""The published benchmark: its parameters stand in the docs, and nothing else sets them."""

import re
from pathlib import Path

from typer.testing import CliRunner

from streams.cli import app
from streams.simulator.benchmark import SPLITS, VERSION

PAGE = Path(__file__).parents[2] / "docs" / "benchmark.md"


def test_the_page_tells_the_parameters():
    text = PAGE.read_text("utf-8")
    assert f"version {VERSION}" in text
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|$", text, flags=re.MULTILINE))
    for name, split in SPLITS.items():
        told = [cell.strip().replace(",", "") for cell in rows[name].split("|")]
        assert told[:5] == [
            str(split.seed), split.start, str(split.vehicles), str(split.days), f"{split.export_share}",
        ]  # fmt: skip


def test_other_sizes_are_refused(tmp_path):
    files = ["--out", str(tmp_path / "o.gz"), "--truth", str(tmp_path / "t.gz")]
    done = CliRunner().invoke(app, ["simulate", *files, "--benchmark", "test", "--vehicles", "100"])
    assert done.exit_code == 2
    assert "--benchmark" in done.output
    assert not list(tmp_path.iterdir())
