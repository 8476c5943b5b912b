"""The store waits for a broker that is away, also where its name is: Docker's go with a container."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from kafka import TopicPartition
from kafka.errors import KafkaConnectionError
from structlog.testing import capture_logs

from streams.kafka import patience
from streams.service.settings import load
from streams.store.consumer import Sink
from streams.store.database import migrate, open_database
from streams.store.metrics import SinkMetrics
from streams.store.settings import SinkSettings
from tests.broker.kafka_broker import free_port
from tests.store.changes import registration
from tests.store.sink_process import SinkProcess, environment

NOWHERE = "broker.invalid:19092"


class AwayForAWhile:
    """A consumer whose broker's name cannot be resolved for some polls, then ends the test."""

    def __init__(self, stop: threading.Event, failures: int) -> None:
        self._stop = stop
        self._failures = failures
        self.polls = 0

    def poll(self, **_: Any) -> dict[Any, Any]:
        self.polls += 1
        if self.polls <= self._failures:
            raise KafkaConnectionError("DNS Resolution failure")
        self._stop.set()
        return {}

    def assignment(self) -> set[Any]:
        return set()


def test_polls_that_fail_are_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(patience, "LONGEST_SECONDS", 0.0)
    settings = load(SinkSettings, sink_url=f"sqlite:///{tmp_path / 'store'}")
    engine = open_database(settings.sink_url.get_secret_value())
    migrate(engine)
    stop = threading.Event()
    consumer = AwayForAWhile(stop, 20)
    with capture_logs() as said:
        Sink(settings, engine, consumer, SinkMetrics(), stop).run()  # type: ignore[arg-type]
    engine.dispose()

    assert consumer.polls == 21
    assert [line["event"] for line in said] == [
        "broker does not answer",
        "broker does not answer: works again",
    ]


class OneBatchATurn:
    """A consumer that gives a batch a poll, fails between them, and notes what is committed."""

    def __init__(self, stop: threading.Event, script: list[list[int] | None]) -> None:
        self._stop = stop
        self._script = iter(script)
        self.where = TopicPartition("zeromile.registrations.v1", 0)
        self.committed: list[int] = []

    def poll(self, **_: Any) -> dict[Any, Any]:
        try:
            offsets = next(self._script)
        except StopIteration:
            self._stop.set()
            return {}
        if offsets is None:
            raise KafkaConnectionError("away")
        return {self.where: [self._record(offset) for offset in offsets]} if offsets else {}

    def _record(self, offset: int) -> SimpleNamespace:
        value = json.dumps(registration(f"V{offset}", "2025-06-17")).encode()
        return SimpleNamespace(value=value, offset=offset, key=None, headers=(), timestamp=None)

    def commit(self, offsets: dict[Any, Any]) -> None:
        self.committed.append(offsets[self.where].offset)

    def assignment(self) -> set[Any]:
        return {self.where}

    def highwater(self, _: Any) -> int:
        return 6

    def position(self, _: Any) -> int:
        return 6


def test_a_broker_that_goes_while_a_batch_waits_costs_no_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(patience, "LONGEST_SECONDS", 0.0)
    settings = load(SinkSettings, sink_url=f"sqlite:///{tmp_path / 'store'}")
    engine = open_database(settings.sink_url.get_secret_value())
    migrate(engine)
    stop = threading.Event()
    consumer = OneBatchATurn(stop, [[0, 1], None, None, [2, 3], [4], None, []])
    metrics = SinkMetrics()
    Sink(settings, engine, consumer, metrics, stop).run()  # type: ignore[arg-type]
    with engine.connect() as connection:
        kept = connection.execute(sa.text("SELECT kafka_offset FROM received_records ORDER BY 1"))
        assert kept.scalars().all() == [0, 1, 2, 3, 4]
    engine.dispose()
    assert consumer.committed == [2, 4, 5], "each batch when it is written, and none before"


def test_a_store_that_starts_before_its_broker_waits_and_can_be_told_to_end(tmp_path: Path):
    variables = environment(
        NOWHERE, "t", f"sqlite:///{tmp_path / 'store'}", ZEROMILE_SINK_METRICS_PORT=str(free_port())
    )
    sink = SinkProcess(variables, tmp_path / "log")
    sink.start()
    deadline = time.monotonic() + 60
    while "waiting for one" not in sink.log():
        assert time.monotonic() < deadline, sink.log()
        time.sleep(0.2)
    time.sleep(2)

    assert sink.end(signal.SIGTERM) == 0, sink.log()
