"""No record, whatever it says, stops a partition, deletes a vehicle or is lost without a word."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from detectors.registry import Catalogue
from streams.engine.engine import Engine
from streams.engine.results import RawDocument
from streams.setup.policy import load_policy
from streams.state.store import MemoryStore
from tests.broker.deployment import Deployment, WorkerProcess, expected_alerts, wait_for
from tests.broker.documents import spike_of_exports
from tests.broker.end_state import check_pages, check_store
from tests.hostile.hostile_records import HostileRecord, Send, sending
from tests.hostile.schedules import HostileSchedule, accepted

pytestmark = [pytest.mark.broker, pytest.mark.slow, pytest.mark.timeout(3600)]

SCHEDULES, NIGHTLY_SCHEDULES = int(os.environ.get("ZEROMILE_HOSTILE_SCHEDULES", "20")), 100
PARTITIONS = 2
READ, BECAME = "zeromile_documents_read_total", "zeromile_documents_total"


class Expected:
    """What an engine of our own makes of the same records."""

    def __init__(self) -> None:
        self.engine = Engine(Catalogue(load_policy()), MemoryStore(), keyed=True)
        self.lines: list[bytes] = []
        self.refused = 0

    def take(self, record: HostileRecord) -> None:
        result = self.engine.process([RawDocument(record.value or b"", None, record.key)])
        self.refused += len(result.dead_letters)
        line = accepted(record)
        if line is not None:
            self.lines.append(line)

    @property
    def vehicles(self) -> int:
        return len(self.engine.store)

    def documents(self) -> dict[str, set[tuple[str, str, int]]]:
        shown = {}
        for vin in self.engine.store.vins():
            history = self.engine.history(vin)
            assert history is not None
            shown[vin] = {(d.source, d.event_id, d.revision) for d in history.documents}
        return shown


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(
        bootstrap_servers, prefix, tmp_path, partitions=PARTITIONS, ZEROMILE_SESSION_SECONDS="3",
        ZEROMILE_FLUSH_SECONDS="0.05",
    )  # fmt: skip
    yield deployment
    deployment.close()


class Run:
    """Sends the records of schedules to a worker and looks at it after each.

    Parameters
    ----------
    deployment
        Topics; its workers are started here.
    send
        Sends records.
    """

    def __init__(self, deployment: Deployment, send: Send) -> None:
        self.expected = Expected()
        self._deployment = deployment
        self._send = send
        self._read = 0
        self._worker = self._start()

    def _start(self) -> WorkerProcess:
        worker = self._deployment.start_worker()
        wait_for(lambda: worker.ready, 180, "worker not ready", self._deployment.logs)
        return worker

    def spike(self, seed: int) -> None:
        """Exports that a province's alert rests on, before all that nobody should send."""
        exports = [HostileRecord(json.loads(line)["vin"].encode(), line, topic=2)
                   for line in spike_of_exports(seed)]  # fmt: skip
        self._send(exports)
        for export in exports:
            self.expected.take(export)
        self._read += len(exports)

    def schedule(self, schedule: HostileSchedule) -> None:
        records = schedule.records()
        for number, record in enumerate(records):
            if schedule.crashes and number == len(records) // 2:
                self._crash()
            self._send([record])
            self.expected.take(record)
            self._read += 1
            self._await(self._is_accounted_for, f"seed {schedule.seed}, record {number}")
        vehicles = self.expected.vehicles
        self._await(
            lambda: self._worker.metric("zeromile_vehicles") == vehicles,
            f"seed {schedule.seed}: there are not {vehicles} vehicles",
        )
        assert self._worker.ready, schedule.seed
        assert self._worker.get("/livez")[0] == 200, schedule.seed

    def _crash(self) -> None:
        self._worker.kill()
        self._worker = self._start()
        self._deployment.wait_until_consumed()
        self._read = int(self._worker.metric(READ))

    def _is_accounted_for(self) -> bool:
        """All that was sent is read, and all that was read became something."""
        # The parser of Prometheus takes longer than the worker for a document.
        text = self._worker.get("/metrics")[1].decode()
        read, became = _total(text, READ), _total(text, BECAME)
        return read >= self._read and became == read

    def _await(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, f"{what}\n{self._deployment.logs()}"
            time.sleep(0.03)


def _total(text: str, name: str) -> float:
    return sum(float(value) for value in re.findall(rf"^{name}{{.*}} (\S+)$", text, re.MULTILINE))


def _run(deployment: Deployment, first: int, schedules: int) -> Expected:
    with sending(deployment.settings, deployment.names.documents) as send:
        run = Run(deployment, send)
        run.spike(first)
        for seed in range(first, first + schedules):
            run.schedule(HostileSchedule(seed, PARTITIONS))
    assert deployment.restarts == 0, deployment.logs()
    return run.expected


def _check(deployment: Deployment, expected: Expected, directory: Path) -> None:
    stream = directory / "accepted.jsonl"
    stream.write_bytes(b"".join(line + b"\n" for line in expected.lines))
    alerts = expected_alerts(stream)
    kinds = {alert["subject_type"] for alert in alerts.values()}
    assert kinds == {"vehicle", "province"}, "without alerts nothing is compared"
    deployment.expect(alerts)
    letters = deployment.read_all(deployment.names.dead_letters)
    places = {
        tuple(dict(r.headers)[f"dlq.original.{part}"] for part in ("topic", "partition", "offset"))
        for r in letters
    }
    assert len(places) == expected.refused
    check_store(deployment, alerts, directory)
    check_pages(deployment, expected.documents())


def test_hostile_schedules_change_nothing_in_the_end(deployment: Deployment, tmp_path: Path):
    first = int(os.environ.get("ZEROMILE_HOSTILE_SEED", "0"))
    _check(deployment, _run(deployment, first, SCHEDULES), tmp_path)


@pytest.mark.nightly
def test_many_hostile_schedules_change_nothing_in_the_end(deployment: Deployment, tmp_path: Path):
    _check(deployment, _run(deployment, 1_000, NIGHTLY_SCHEDULES), tmp_path)
