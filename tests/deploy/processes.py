"""Programs of the stack as processes: started, waited for, ended by their own id."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

T = TypeVar("T")
PATIENCE_SECONDS = 150.0


def eventually(look: Callable[[], T], what: Callable[[], str], seconds: float = PATIENCE_SECONDS) -> T:
    """Look until there is something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not in {seconds} s: {what()}"
        time.sleep(0.25)
    return found


class Program:
    """A running program whose output goes to a file."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], folder: Path
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ZEROMILE_")}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                list(command), env=kept | dict(environment), stdout=log, stderr=log, cwd=folder,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip

    def tail(self) -> str:
        return f"{self.name}: {self.log.read_text('utf-8', 'replace')[-3000:]}"

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def end(self) -> int:
        """Ask it to stop; insist after a while."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait(timeout=10)


def get(url: str, **parameters: str) -> Any:
    """JSON at a URL, or None while nobody answers."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    try:
        with urlopen(url + query, timeout=10) as answer:  # noqa: S310 - loopback
            return json.loads(answer.read())
    except (URLError, ConnectionError, TimeoutError):
        return None


class Receiver:
    """What a webhook is called with."""

    def __init__(self) -> None:
        self.payloads: list[dict[str, Any]] = []
        payloads = self.payloads

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                payloads.append(json.loads(body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/alerts?from=alertmanager&to=us"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def program(name: str) -> str:
    """Path of one of Prometheus's programs; without it the test fails under CI, else it is skipped."""
    path = shutil.which(name)
    if path is None:
        message = f"{name} is not installed (Debian packages prometheus, prometheus-alertmanager)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return path
