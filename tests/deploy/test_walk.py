"""A newcomer's walk through the README, each command run as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sink.postgres_cluster import PostgresCluster

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def walk() -> str:
    text = (ROOT / "README.md").read_text("utf-8")
    found = re.search(r"<!-- walk -->\n(.*?)<!-- end walk -->", text, re.DOTALL)
    assert found
    return "\n".join(line.removeprefix("    ") for line in found[1].splitlines())


def run(commands: str, folder: Path) -> str:
    """Run in an empty folder, with `zeromile` being this tree's."""
    programs = folder / "bin"
    programs.mkdir()
    program = programs / "zeromile"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from streams.cli import main\nmain()\n", "utf-8"
    )  # fmt: skip
    program.chmod(0o755)
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/bash", "-eu", "-c", commands], cwd=folder, env=environment, capture_output=True,
        text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_walk_ends_with_vehicles_under_alert(tmp_path: Path):
    last = run(walk(), tmp_path).strip().splitlines()[-5:]
    assert all(re.match(r"\('\w+', \d+, 0\.\d+\)", line) for line in last), last


def test_the_same_walk_into_postgresql(tmp_path: Path, postgres: PostgresCluster):
    url = postgres.url(postgres.new_database())
    commands = walk().replace("sqlite:///zeromile.sqlite", f"'{url}'").rpartition("python3 -c")[0]
    query = "SELECT count(*) FROM firing_vehicles"
    out = run(f"{commands}\npsql '{url}' --tuples-only --no-align -c '{query}'", tmp_path)
    assert int(out.strip().splitlines()[-1]) > 100
