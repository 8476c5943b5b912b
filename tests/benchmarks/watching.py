"""Watch a program from outside until all its alerts can be read, and say what it took till then."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from tests.benchmarks.broker import follow, new_records
from tests.benchmarks.processes import cpu_seconds, peak_mib
from tests.benchmarks.two_rule_stream import Alerts
from tests.broker.kafka_broker import KafkaBroker

LONGEST_SECONDS: Final = 300.0
QUIET_SECONDS: Final = 1.0


class PeerFailedError(RuntimeError):
    """A program ended, or did not find all alerts in time."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took until its last alert was there, and the alerts."""

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float
    broker_cpu_seconds: float
    alerts: Alerts


class Watch:
    """Clocks that run from now, and the alerts that a program started after it has raised.

    Parameters
    ----------
    broker
        Where the alerts come, and whose own processor time is measured.
    topic
        The program's alerts.
    """

    def __init__(self, broker: KafkaBroker, topic: str) -> None:
        self._broker = broker
        self._consumer = follow(broker.bootstrap_servers, topic)
        self._standing: dict[str, tuple[str, str]] = {}
        self._begun = time.monotonic()
        self._broker_cpu = cpu_seconds(broker.pid)

    def until(
        self, expected: Alerts, pid: int, running: Callable[[], bool], said: Callable[[], str]
    ) -> Taken:
        """Wait for all expected alerts, then a moment longer for any too many.

        Raises
        ------
        PeerFailedError
            The program ended before them, or was too slow.
        """
        try:
            cpu = self._wait(expected, pid, running, said)
            taken = (
                cpu,
                time.monotonic() - self._begun,
                peak_mib(pid),
                cpu_seconds(self._broker.pid) - self._broker_cpu,
            )
            quiet = time.monotonic() + QUIET_SECONDS
            while time.monotonic() < quiet:
                self._take()
        finally:
            self._consumer.close()
        return Taken(*taken, set(self._standing.values()))

    def _wait(
        self, expected: Alerts, pid: int, running: Callable[[], bool], said: Callable[[], str]
    ) -> float:
        cpu = 0.0
        while not expected <= set(self._standing.values()):
            cpu = cpu_seconds(pid) or cpu  # a program may end by itself after its last alert
            alive = running()
            if not self._take() and not alive:
                raise PeerFailedError(f"ended before its last alert: {said()}")
            if time.monotonic() - self._begun > LONGEST_SECONDS:
                found = len(expected & set(self._standing.values()))
                raise PeerFailedError(
                    f"{found:,} of {len(expected):,} alerts after {LONGEST_SECONDS:.0f} s"
                )
        return cpu_seconds(pid) or cpu

    def _take(self) -> int:
        """Bring the alerts that stand up to date; returns how many records there were."""
        records = new_records(self._consumer)
        for record in records:
            take_alert(msgspec.json.decode(record.value), self._standing)
        return len(records)


def take_alert(alert: dict[str, Any], standing: dict[str, tuple[str, str]]) -> None:
    """Take a record of an alert topic into the alerts that stand, by id.

    The peers write vehicle and rule; zeromile writes every change of an alert's life.
    """
    if "alert_id" not in alert:
        standing[f"{alert['vin']} {alert['rule']}"] = alert["vin"], alert["rule"]
    elif alert["state"] == "firing":
        standing[alert["alert_id"]] = alert["subject"], alert["detector"]
    else:
        standing.pop(alert["alert_id"], None)


def run_peer(command: list[str], directory: Path, watch: Watch, expected: Alerts) -> Taken:
    """Start a program, watch it until its last alert, and end it.

    Raises
    ------
    PeerFailedError
        It did not find all alerts.
    """
    log = directory / "peer.log"
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 - programs of our own
            command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd=directory
        )
    try:
        return watch.until(
            expected,
            process.pid,
            lambda: process.poll() is None,
            lambda: log.read_text("utf-8", "replace")[-1500:],
        )
    finally:
        process.kill()
        process.wait(timeout=30)
