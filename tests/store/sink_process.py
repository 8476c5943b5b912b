"""`zeromile sink` as a process of its own, the topics it reads, and a fast way to fill them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ZEROMILE = [sys.executable, "-c", "from streams.cli import main; main()"]


def environment(bootstrap: str, prefix: str, url: str, **other: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZEROMILE_")}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "ZEROMILE_BOOTSTRAP_SERVERS": bootstrap,
        "ZEROMILE_TOPIC_PREFIX": prefix,
        "ZEROMILE_PARTITIONS": "4",
        "ZEROMILE_SINK_GROUP": f"{prefix}-sink",
        "ZEROMILE_SINK_URL": url,
        "ZEROMILE_SESSION_SECONDS": "6",
        **other,
    }


def zeromile(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*ZEROMILE, *arguments], env=variables, capture_output=True, text=True, check=False, timeout=300
    )


class SinkProcess:
    """A sink that can be killed; its log is kept in a file."""

    def __init__(self, variables: dict[str, str], log: Path) -> None:
        self._variables = variables
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*ZEROMILE, "sink"],
                env=self._variables,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=60)

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        return self._log.read_text("utf-8")[-4000:]


def produce(bootstrap: str, topic: str, lines: Path) -> None:
    """Send a file of lines `key<TAB>value` to a topic."""
    kcat = shutil.which("kcat")
    if kcat is None:
        if os.environ.get("CI") == "true":
            pytest.fail("kcat is not installed (Debian package kcat)")
        pytest.skip("kcat is not installed (Debian package kcat)")
    subprocess.run(
        [kcat, "-P", "-b", bootstrap, "-t", topic, "-K", "\t", "-l", str(lines)],
        check=True,
        timeout=300,
    )
