"""Brokers and databases of a test run that is killed end with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.broker.kafka_broker import Starter

ROOT = Path(__file__).parents[2]
RUN = """\
import signal, time
from tests.broker.kafka_broker import Starter
signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # shells let their background ignore it
starter = Starter()
child = starter.start(["sleep", "600"], signal_name={name!r})
print(child.pid, flush=True)
time.sleep(600)
"""


pytestmark = pytest.mark.skipif(
    shutil.which("setpriv") is None, reason="setpriv is not installed (Debian package util-linux)"
)


@pytest.mark.parametrize("name", ["KILL", "QUIT", "TERM"])
def test_what_was_started_ends_with_the_run(name: str):
    run = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", RUN.format(name=name)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    child = int(run.stdout.readline())
    _wait_until(lambda: _words(child)[:1] == ["sleep"], f"{child} is not yet what was started")
    run.send_signal(signal.SIGKILL)
    run.wait(timeout=10)
    run.stdout.close()
    _wait_until(lambda: not _runs(child), f"{child} outlives the tests")


def test_what_a_thread_started_outlives_the_thread():
    starter, started = Starter(), []
    thread = threading.Thread(target=lambda: started.append(starter.start(["sleep", "600"])))
    thread.start()
    thread.join()
    (process,) = started
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    process.kill()
    process.wait(timeout=10)
    starter.close()


def _wait_until(holds: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.1)


def _words(pid: int) -> list[str]:
    """The command of a process: until it asked to end with its parent it is another one."""
    return Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0")


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2][:1] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
