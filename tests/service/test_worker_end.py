"""A worker that fails always ends, however its services take the stop."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Ends its own process, so it has one.
PROGRAM = """
import asyncio
import logging
import sys

from mode import Service

from streams.kafka.batch_app import BatchApp
from streams.service.worker import BoundedWorker


class Failing(Service):
    @Service.task
    async def _fail(self) -> None:
        await self.crash(ValueError("of its own"))

    async def on_stop(self) -> None:
        await asyncio.sleep(float(sys.argv[1]))


class App(BatchApp):
    async def start(self) -> None:
        pass  # no broker is asked


logging.basicConfig()
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
app = App("ends", broker="kafka://127.0.0.1:1", store="memory://", web_enabled=False)
worker = BoundedWorker(app, Failing(), loop=loop, quiet=True, override_logging=False)
worker.spinner = None
worker.stop_seconds = 2.0
worker.execute_from_commandline()
"""


@pytest.mark.parametrize(("stop_takes", "orderly"), [(0, True), (3600, False)])
def test_a_crash_ends_the_worker(stop_takes: int, orderly: bool):
    command = [sys.executable, "-c", PROGRAM, str(stop_takes)]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own

    assert ended.returncode == 1, ended.stderr
    assert ("leaving at once" not in ended.stdout + ended.stderr) == orderly
    assert "of its own" in ended.stdout + ended.stderr
