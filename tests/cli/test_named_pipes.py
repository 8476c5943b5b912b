"""Inputs may be pipes, as in `<(zcat …)`: they are read once, from the beginning to the end."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app

LINES = [
    json.dumps(
        {
            "event_id": f"e{number}", "source": "registry", "event_type": "registration",
            "kind": "transfer", "vin": "LSVAA4182E2184847", "occurred_at": f"2025-03-0{number}",
            "owner_id": f"o{number}",
        }
    )
    for number in range(1, 4)
]  # fmt: skip
TEXT = "\n".join([*LINES, "{"]) + "\n"


@pytest.fixture
def pipe(tmp_path: Path) -> Callable[[], Path]:
    """Makes a pipe into which everything is written once."""

    def make() -> Path:
        path = tmp_path / "documents.jsonl"
        os.mkfifo(path)
        threading.Thread(target=path.write_text, args=(TEXT,), daemon=True).start()
        return path

    return make


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "command",
    [
        ["replay", "--max-dead-letters", "1"],
        ["check"],
        ["sink", "--url", "sqlite:///{folder}/store.sqlite", "--from-file"],
    ],
    ids=lambda command: str(command[0]),
)
def test_a_pipe_is_as_good_as_a_file(command: list[str], pipe: Callable[[], Path], tmp_path: Path):
    arguments = [part.format(folder=tmp_path) for part in command]
    found = CliRunner().invoke(app, [*arguments, str(pipe())])
    (tmp_path / "documents.jsonl").unlink()
    (tmp_path / "documents.jsonl").write_text(TEXT)
    for store in tmp_path.glob("store.sqlite*"):
        store.unlink()
    expected = CliRunner().invoke(app, [*arguments, str(tmp_path / "documents.jsonl")])
    assert found.exit_code == expected.exit_code, found.output
    assert found.stdout == expected.stdout
