"""Whatever ends a backfill, it says so, writes no half output and leaves nothing behind."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from detectors.registry import Catalogue
from streams.backfill.backfill import Backfill, Means
from streams.backfill.ledger import LedgerError
from streams.backfill.processes import Processes, ProcessesError
from streams.cli import app
from streams.setup.policy import load_policy
from tests.backfill.runs import assert_same, by_backfill
from tests.benchmarks.processes import tree

ROOT = Path(__file__).parents[2]
DOCUMENT = (
    '{"event_type":"registration","event_id":"%d","source":"reg","vin":"LSVAU2180N2%06d",'
    '"occurred_at":"2026-03-01","kind":"initial"}\n'
)


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    path = tmp_path / "stream.jsonl"
    path.write_text("".join(DOCUMENT % (n, n) for n in range(2_000)), encoding="ascii")
    return path


def _kill(_: None, number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_killed_process():
    with (
        Processes(2, None) as processes,
        pytest.raises(ProcessesError, match="was ended from outside"),
    ):
        list(processes.map(_kill, range(20)))
    assert multiprocessing.active_children() == []


def _double(factor: int, number: int) -> int:
    return factor * number


@pytest.mark.parametrize("number", [1, 2])
def test_outcomes_come_in_the_order_of_the_tasks(number: int):
    with Processes(number, 2) as processes:
        assert list(processes.map(_double, range(50))) == list(range(0, 100, 2))
        assert list(processes.map(_double, [])) == []


def _refuse(_: None, number: int) -> int:
    raise LedgerError(f"task {number}")


@pytest.mark.parametrize("number", [1, 2])
def test_an_error_of_a_task_is_told(number: int):
    with Processes(number, None) as processes, pytest.raises(LedgerError, match="task 0"):
        list(processes.map(_refuse, range(5)))
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("workers", ["0", "-1", "65", "two"])
def test_a_number_of_workers_that_cannot_be(stream: Path, workers: str):
    ran = CliRunner().invoke(app, ["replay", str(stream), "--workers", workers])
    assert ran.exit_code == 2
    assert "--workers" in ran.output


def test_memory_that_cannot_be(stream: Path):
    ran = CliRunner().invoke(app, ["replay", str(stream), "--memory", "much"])
    assert ran.exit_code == 2
    assert "memory of 'much' cannot be set" in ran.output


def test_a_folder_that_is_not_there(stream: Path, tmp_path: Path):
    ran = CliRunner().invoke(app, ["replay", str(stream), "--scratch", str(tmp_path / "none")])
    assert ran.exit_code == 2
    assert "is not a folder" in ran.output


@pytest.mark.parametrize("option", ["--stats", "--no-screen"])
def test_an_option_that_would_do_nothing(stream: Path, tmp_path: Path, option: str):
    ran = CliRunner().invoke(app, ["replay", str(stream), "--alerts", str(tmp_path / "a"), option])
    assert ran.exit_code == 2
    assert "every vehicle is opened" in ran.output


def test_the_screens_are_told(stream: Path, tmp_path: Path):
    ran = CliRunner().invoke(app, ["replay", str(stream), "--stats", "--scratch", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    assert "opened in all" in ran.output
    assert list(tmp_path.iterdir()) == [stream]


def test_vehicles_out_of_their_order(stream: Path, monkeypatch: pytest.MonkeyPatch):
    class Shuffled:
        def __init__(self, database: duckdb.DuckDBPyConnection) -> None:
            self._database = database

        def __getattr__(self, name: str) -> object:
            return getattr(self._database, name)

        def sql(self, query: str) -> object:
            return self._database.sql(query.replace("ORDER BY vin", "ORDER BY hash(vin)"))

    from streams.backfill import backfill  # noqa: PLC0415 - what is broken for this test

    opened = backfill.opened_rows
    monkeypatch.setattr(
        backfill, "opened_rows", lambda database, size: opened(Shuffled(database), size)
    )
    with (
        Backfill(Catalogue(load_policy()), screened=False, means=Means(rows=100)) as job,
        pytest.raises(LedgerError, match="out of their order"),
    ):
        job.run([stream])


def test_little_memory_changes_nothing(stream: Path, tmp_path: Path):
    usual = by_backfill(tmp_path / "usual", [stream])
    assert_same(by_backfill(tmp_path / "little", [stream], memory="20MiB"), usual)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_all_processes(tmp_path: Path, number: signal.Signals):
    job = _start("--scratch", str(tmp_path), "--final", str(tmp_path / "final.jsonl"))
    assert job.stdin is not None
    text = "".join(DOCUMENT % (n, n) for n in range(70_000)).encode()
    job.stdin.write(3 * text)
    job.stdin.flush()
    workers = _workers_of(job)
    if number == signal.SIGINT:
        os.killpg(job.pid, number)  # Ctrl-C reaches the workers too
    else:
        job.send_signal(number)
    job.communicate()
    assert job.returncode != 0
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    if number != signal.SIGKILL:
        assert list(tmp_path.iterdir()) == []


def _start(*options: str) -> subprocess.Popen[bytes]:
    command = "from streams.cli import main; main()"
    # Shells let what they run in the background ignore Ctrl-C, and programs inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", command, "replay", "-", "--workers", "2", *options],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, before)


def _workers_of(job: subprocess.Popen[bytes]) -> list[int]:
    """Wait for the workers and give their process ids."""
    while True:
        assert job.poll() is None
        workers = [pid for pid in tree(job.pid) if _is_worker(pid)]
        if len(workers) == 2:
            return workers
        time.sleep(0.05)


def _is_worker(pid: int) -> bool:
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_a_process_that_judges_loads_neither_a_database_nor_what_watches_provinces():
    loaded = "{'duckdb', 'scipy.special'} & set(sys.modules)"
    program = f"import sys, streams.backfill.judging; sys.exit(' '.join({loaded}) or 0)"
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - fixed arguments
