"""Whatever ends a replay on several processes, it says so and leaves no process behind."""

import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.parallel import Judge, ParallelReplay, WorkerError
from streams.parallel.pool import Pool
from tests.benchmarks.processes import tree

ROOT = Path(__file__).parents[2]
WORKERS = 2
DOCUMENT = (
    '{"event_type":"registration","event_id":"%d","source":"reg","vin":"LSVAU2180N2%06d",'
    '"occurred_at":"2026-03-01","kind":"initial"}\n'
)


@pytest.fixture
def stream(tmp_path):
    path = tmp_path / "stream.jsonl"
    path.write_text("".join(DOCUMENT % (n, n) for n in range(2_000)), encoding="ascii")
    return path


def test_a_killed_worker(stream):
    with ParallelReplay(Judge(), WORKERS) as job:
        victim = next(p for p in multiprocessing.active_children() if p.name == "zeromile worker 2")
        os.kill(victim.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match=r"^worker 2 of 2 is gone: it was ended by SIGKILL$"):
            job.run([stream], batch=10)
    assert multiprocessing.active_children() == []


def test_a_worker_that_cannot_go_on(stream):
    with ParallelReplay(Judge(), WORKERS) as job:
        job._pool._channels[0].send(b"\xc1")  # never used by msgpack
        with pytest.raises(WorkerError, match=r"^worker 1 of 2: DecodeError: "):
            job.run([stream], batch=10)
    assert multiprocessing.active_children() == []


def test_a_model_that_is_not_there(stream, tmp_path):
    options = ["--workers", "2", "--model", str(tmp_path / "none")]
    ran = CliRunner().invoke(app, ["replay", str(stream), *options])
    assert ran.exit_code == 2
    assert "worker 1 of 2: " in ran.output
    assert "none" in ran.output
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("workers", ["0", "-1", "65", "two"])
def test_a_number_of_workers_that_cannot_be(stream, workers):
    ran = CliRunner().invoke(app, ["replay", str(stream), "--workers", workers])
    assert ran.exit_code == 2
    assert "--workers" in ran.output


def test_a_folder_that_is_not_there(stream, tmp_path):
    ran = CliRunner().invoke(app, ["replay", str(stream), "--on-disk", str(tmp_path / "none")])
    assert ran.exit_code == 2
    assert "is not a folder" in ran.output


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_lies_on_disk_is_gone_afterwards(stream, tmp_path, workers):
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["--on-disk", str(disk), "--workers", workers]
    ran = CliRunner().invoke(app, ["replay", str(stream), *options])
    assert ran.exit_code == 0, ran.output
    assert "2,000" in ran.output
    assert list(disk.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_on_disk(tmp_path, number):
    job = _start("--on-disk", str(tmp_path))
    _workers_of(job)
    assert list(tmp_path.iterdir()) != []
    job.send_signal(number)
    job.communicate()
    assert job.returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_no_room_for_what_the_workers_are_told(stream):
    job = _start()
    _workers_of(job)
    resource.prlimit(job.pid, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    _, complaints = job.communicate(stream.read_bytes())
    assert job.returncode == 2
    assert b"File too large" in complaints
    assert b"Traceback" not in complaints


def test_no_workers():
    with pytest.raises(ValueError, match="0 workers; allowed: 1 and more"):
        ParallelReplay(Judge(), 0)


def _start(*options: str) -> subprocess.Popen[bytes]:
    command = "from streams.cli import main; main()"
    # Shells let what they run in the background ignore Ctrl-C, and programs inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", command, "replay", "-", "--workers", str(WORKERS), *options],
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
        if len(workers) == WORKERS:
            return workers
        time.sleep(0.05)


def _is_worker(pid: int) -> bool:
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _wait_until_gone(pids: list[int]) -> None:
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        time.sleep(0.05)


def test_standard_input(stream, tmp_path):
    final = tmp_path / "final.jsonl"
    job = _start("--final", str(final))
    said, complaints = job.communicate(stream.read_bytes())
    assert job.returncode == 0, complaints
    assert "2,000" in said.decode()
    assert json.loads(final.read_bytes().splitlines()[0])["detector"] == "vin_quality"


def test_ctrl_c_while_processes_start_comes_afterwards(monkeypatch):
    start = Pool._start

    def interrupted(pool, number):
        signal.raise_signal(signal.SIGINT)
        start(pool, number)

    monkeypatch.setattr(Pool, "_start", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            Pool(WORKERS, Judge()).__enter__()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.signal(signal.SIGINT, before)
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_ends_all_processes(number):
    job = _start()
    workers = _workers_of(job)
    if number == signal.SIGINT:
        os.killpg(job.pid, number)  # Ctrl-C reaches the workers too
    else:
        job.send_signal(number)
    _, complaints = job.communicate()
    assert job.returncode != 0
    assert number != signal.SIGINT or b"Traceback" not in complaints
    _wait_until_gone(workers)
