"""Whoever opens connections and says nothing more keeps nobody from hearing that the worker lives."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

import pytest

from tests.broker.deployment import wait_for

HALF_OPEN, DESCRIPTORS = 300, 256
# The limit is a process's, and so is the loop that the worker runs in.
PROGRAM = f"""
import asyncio
import resource
import sys
from types import SimpleNamespace

import uvloop

from streams.service.metrics import Metrics
from streams.service.observer import Observer
from streams.service.settings import load_settings
from streams.service.web import WebPages

resource.setrlimit(resource.RLIMIT_NOFILE, ({DESCRIPTORS}, {DESCRIPTORS}))


async def stalled():
    return False


async def main():
    metrics = Metrics()
    pages = WebPages(
        load_settings(web_port=int(sys.argv[1])),
        partitions=SimpleNamespace(owned={{}}, troubles={{}}), lag=SimpleNamespace(stalled=stalled),
        metrics=metrics, observer=Observer(metrics, {{}}, 10), desk_url=lambda: None,
    )
    await pages.start()
    await asyncio.sleep(3600)


uvloop.run(main())
"""


@pytest.fixture
def port() -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port)])  # noqa: S603 - our own
    yield port
    process.kill()
    process.wait()


def _alive(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=2) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def test_half_open_requests_take_no_descriptor_from_those_who_ask_whether_it_lives(port: int):
    wait_for(lambda: _alive(port), 60, "no page is served")
    with contextlib.ExitStack() as stack:
        for _ in range(HALF_OPEN):
            connection = socket.create_connection(("127.0.0.1", port), timeout=10)
            stack.enter_context(connection)
            with contextlib.suppress(OSError):  # closed already: that is the point
                connection.sendall(b"GET /livez HTTP/1.1\r\nHost:")
        assert _alive(port), "it is told at once, while the half-open requests stay"
