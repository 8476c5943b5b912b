"""Brokers and databases of a test run that is killed end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.broker.kafka_broker import ends_with_us

ROOT = Path(__file__).parents[2]
RUN = """\
import subprocess, sys, time
from tests.broker.kafka_broker import ends_with_us
child = subprocess.Popen([*ends_with_us({name!r}), "sleep", "600"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(not ends_with_us(), reason="setpriv is not installed (Debian package util-linux)")
@pytest.mark.parametrize("name", ["KILL", "QUIT", "TERM"])
def test_what_was_started_ends_with_the_run(name: str):
    run = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", RUN.format(name=name)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    child = int(run.stdout.readline())
    run.send_signal(signal.SIGKILL)
    run.wait(timeout=10)
    run.stdout.close()
    deadline = time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < deadline, f"{child} outlives the tests"
        time.sleep(0.1)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(") ")[2][:1] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
