"""The command line as a user has it, and the small cases of first contact."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app

MAKER = Path(__file__).parents[3] / "shared" / "data" / "cases" / "make_cases.py"
ZEROMILE = [sys.executable, "-c", "from streams.cli import main; main()"]


@pytest.fixture(scope="session")
def cases(tmp_path_factory):
    """Folder of the small cases, written by their own maker."""
    if not MAKER.is_file():
        pytest.skip(f"the cases need {MAKER}")
    folder = tmp_path_factory.mktemp("cases")
    subprocess.run([sys.executable, str(MAKER), str(folder)], check=True, capture_output=True)  # noqa: S603
    return folder


@pytest.fixture
def run():
    """Run a command within this process."""
    runner = CliRunner()
    return lambda *arguments, **more: runner.invoke(app, list(map(str, arguments)), **more)


@pytest.fixture
def command():
    """Start a command as a process of its own."""

    def start(*arguments, **more):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
        return subprocess.Popen([*ZEROMILE, *map(str, arguments)], **options)  # noqa: S603

    return start


@pytest.fixture
def stream(tmp_path):
    """A small stream in which something fires."""
    path = tmp_path / "stream.jsonl"
    path.write_text(
        '{"event_type":"registration","event_id":"1","source":"r","vin":"LRW3E7FS5PC000400",'
        '"occurred_at":"2023-05-01","kind":"initial","owner_id":"A","owner_type":"person"}\n'
        '{"event_type":"registration","event_id":"2","source":"r","vin":"LRW3E7FS5PC000400",'
        '"occurred_at":"2023-05-03","kind":"transfer","owner_id":"B","owner_type":"person"}\n'
    )
    return path
