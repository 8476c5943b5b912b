"""Watch a program from outside until all its alerts can be read, and say what it took till then."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from tests.benchmarks.broker import follow, new_records
from tests.benchmarks.processes import cpu_seconds, peak_mib
from tests.benchmarks.two_rule_stream import Alerts
from tests.broker.kafka_broker import KafkaBroker

LONGEST_SECONDS: Final = 300.0
QUIET_SECONDS: Final = 1.0
ENDING_SECONDS: Final = 60.0
"""That a program may take to end once it is asked to."""


class PeerFailedError(RuntimeError):
    """A program ended, or did not find all alerts in time."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took, and the alerts."""

    cpu_seconds: float
    """To its orderly end."""
    wall_seconds: float
    """To its last alert."""
    peak_mib: float
    broker_cpu_seconds: float
    alerts: Alerts


class Watched(Protocol):
    """A program under watch."""

    @property
    def pid(self) -> int:
        """Its process."""

    def running(self) -> bool:
        """Whether it has not ended."""

    def cpu(self) -> float:
        """Processor time of it and its processes so far, in seconds."""

    def said(self) -> str:
        """The end of what it told."""

    def end(self) -> None:
        """Ask it to end in good order."""


def _wind_up(program: Watched) -> float:
    """Ask a program to end; returns its processor time when it has."""
    cpu = program.cpu()
    program.end()
    latest = time.monotonic() + ENDING_SECONDS
    while program.running():
        if time.monotonic() > latest:
            raise PeerFailedError(f"did not end within {ENDING_SECONDS:.0f} s of being asked to")
        cpu = max(cpu, program.cpu())
        time.sleep(0.01)
    return max(cpu, program.cpu())


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
        self._standing = Standing()
        self._begun = time.monotonic()
        self._broker_cpu = cpu_seconds(broker.pid)

    def until(self, expected: Alerts, program: Watched) -> Taken:
        """Wait for all expected alerts, ask the program to end, and wait until it has.

        What a program puts off until it ends (commits, snapshots, changelogs) is work that the
        documents cause: the clocks run on till then.

        Raises
        ------
        PeerFailedError
            The program ended before them, or was too slow.
        """
        try:
            peak = self._wait(expected, program)
            last_alert = time.monotonic() - self._begun
            cpu = _wind_up(program)
            broker = cpu_seconds(self._broker.pid) - self._broker_cpu
            quiet = time.monotonic() + QUIET_SECONDS
            while time.monotonic() < quiet:
                self._take()
        finally:
            self._consumer.close()
        return Taken(cpu, last_alert, peak, broker, self._standing.alerts())

    def _wait(self, expected: Alerts, program: Watched) -> float:
        """Wait for alerts; returns the peak of the program's memory so far."""
        peak = 0.0
        while self._standing.lacks(expected):
            alive = program.running()
            peak = peak_mib(program.pid) or peak
            if not self._take() and not alive:
                raise PeerFailedError(f"ended before its last alert: {program.said()}")
            if time.monotonic() - self._begun > LONGEST_SECONDS:
                found = len(expected) - self._standing.lacks(expected)
                raise PeerFailedError(
                    f"{found:,} of {len(expected):,} alerts after {LONGEST_SECONDS:.0f} s"
                )
        return peak

    def _take(self) -> int:
        """Bring the alerts that stand up to date; returns how many records there were."""
        records = new_records(self._consumer)
        for record in records:
            self._standing.take(msgspec.json.decode(record.value))
        return len(records)


class Standing:
    """The alerts that stand, as their records come."""

    def __init__(self) -> None:
        self._by_id: dict[str, tuple[str, str]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        self._missing: Alerts | None = None

    def take(self, alert: dict[str, Any]) -> None:
        """Take a record of an alert topic in.

        The peers write vehicle and rule; zeromile writes every change of an alert's life.
        """
        if "alert_id" not in alert:
            key, stands = f"{alert['vin']} {alert['rule']}", (alert["vin"], alert["rule"])
        else:
            key, stands = alert["alert_id"], (alert["subject"], alert["detector"])
        before = self._by_id.pop(key, None)
        if before is not None:
            self._count(before, -1)
        if alert.get("state", "firing") == "firing":
            self._by_id[key] = stands
            self._count(stands, 1)

    def _count(self, alert: tuple[str, str], change: int) -> None:
        self._counts[alert] += change
        if self._missing is not None and alert in self._expected:
            (self._missing.discard if self._counts[alert] else self._missing.add)(alert)

    def lacks(self, expected: Alerts) -> int:
        """How many of some alerts do not stand; asked again and again of the same ones."""
        if self._missing is None:
            self._expected = expected
            self._missing = expected - self.alerts()
        return len(self._missing)

    def alerts(self) -> Alerts:
        """Those that stand."""
        return set(self._by_id.values())


class _Child:
    """A program that was started here; its clock can still be read when it has ended."""

    def __init__(self, command: list[str], directory: Path, *, ends: bool) -> None:
        self._log = directory / "peer.log"
        self._ends = ends
        self._used: float | None = None
        with self._log.open("wb") as said:
            self._process = subprocess.Popen(  # noqa: S603 - programs of our own
                command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, cwd=directory
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def running(self) -> bool:
        if self._used is None:
            ended, status, usage = os.wait4(self.pid, os.WNOHANG)
            if ended:
                self._process.returncode = os.waitstatus_to_exitcode(status)
                self._used = usage.ru_utime + usage.ru_stime
        return self._used is None

    def cpu(self) -> float:
        return cpu_seconds(self.pid) if self._used is None else self._used

    def said(self) -> str:
        return self._log.read_text("utf-8", "replace")[-1500:]

    def end(self) -> None:
        if not self._ends and self.running():
            self._process.terminate()

    def kill(self) -> None:
        if self.running():
            self._process.kill()
            self._process.wait(timeout=30)


def run_peer(
    command: list[str], directory: Path, watch: Watch, expected: Alerts, *, ends: bool = False
) -> Taken:
    """Start a program, watch it until its last alert, and have it end in good order.

    Parameters
    ----------
    command, directory
        The program, and a directory for it.
    watch
        Watches the topic of its alerts.
    expected
        Its alerts.
    ends
        Whether it ends by itself, where the topics end.

    Raises
    ------
    PeerFailedError
        It did not find all alerts, or did not end.
    """
    child = _Child(command, directory, ends=ends)
    try:
        return watch.until(expected, child)
    finally:
        child.kill()
