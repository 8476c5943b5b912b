"""Crashes, pauses, rebalances, broker restarts and duplicates change nothing in the end."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition

from streams.kafka.following import follow
from streams.kafka.topic_admin import admin_client, apply_topics
from streams.kafka.topics import TopicSpec
from streams.service.layout_check import WRONG_USE
from streams.service.settings import load_settings
from tests.broker.chaos import Schedule, check_state, shown_documents
from tests.broker.conftest import broker_or_skip
from tests.broker.container_broker import Broker
from tests.broker.deployment import Deployment, expected_alerts, wait_for
from tests.broker.documents import UNREADABLE, document_stream
from tests.broker.end_state import check_pages, check_store

pytestmark = [
    pytest.mark.broker,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
]

VEHICLES = 300
VEHICLES_SHOWN = 20
"""Vehicles whose pages are looked at in the end."""
AT_ONCE = 5
SCHEDULES = int(os.environ.get("ZEROMILE_TEST_SCHEDULES", "20"))


@pytest.fixture(scope="module")
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Broker]:
    """A broker of this module's own, because it is restarted under way."""
    broker = broker_or_skip(tmp_path_factory.mktemp("chaos"), request.config)
    yield broker
    broker.remove()


class BrokerRestarts:
    """Restarts of a broker that several schedules share: one at a time."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._lock = threading.Lock()

    def __call__(self, by_force: bool) -> None:
        with self._lock:
            self._broker.kill() if by_force else self._broker.stop()
            time.sleep(1.0)
            self._broker.start()


@pytest.mark.parametrize("first", range(0, SCHEDULES, AT_ONCE))
def test_nothing_is_lost_or_counted_twice(broker: Broker, tmp_path: Path, first: int):
    restart = BrokerRestarts(broker)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [
            pool.submit(_run, seed, broker, tmp_path / str(seed), restart)
            for seed in range(first, min(first + AT_ONCE, SCHEDULES))
        ]
    failures = [str(error) for run in runs if (error := run.exception())]
    assert not failures, "\n\n".join(failures)


def test_a_stop_ends_in_time_though_the_broker_is_away(broker: Broker, tmp_path: Path):
    deployment = Deployment(
        broker.bootstrap_servers,
        f"away-{os.getpid()}",
        tmp_path,
        partitions=1,
        ZEROMILE_STOP_SECONDS="3",
    )
    worker = deployment.start_worker()
    try:
        wait_for(lambda: worker.ready, 60, "worker not ready", deployment.logs)
        broker.stop()
        assert worker.get("/livez")[0] == 200, "an outage is no reason to be restarted"
        assert worker.stop() in (0, 1)
    finally:
        deployment.close()
        broker.start()


def test_a_worker_waits_for_a_broker_that_comes_later(broker: Broker, tmp_path: Path):
    deployment = Deployment(broker.bootstrap_servers, f"late-{os.getpid()}", tmp_path, partitions=1)
    try:
        broker.stop()
        try:
            worker, patient = deployment.start_worker(), deployment.start_worker()
            stranger = deployment.start_worker(ZEROMILE_TOPIC_PREFIX="of-nobody")
            for each in (worker, patient):
                wait_for(lambda w=each: w.get("/livez")[0] == 200, 60, "the worker does not wait")
                assert each.get("/readyz")[0] == 503
            assert patient.stop() == 0
        finally:
            broker.start()
        wait_for(lambda: worker.ready, 60, "worker not ready", deployment.logs)
        wait_for(lambda: stranger.status == WRONG_USE, 60, "topics not missed", deployment.logs)
    finally:
        deployment.close()


async def test_a_topic_can_be_followed_before_the_broker_is_there(broker: Broker):
    connection = load_settings(bootstrap_servers=broker.bootstrap_servers)
    where = TopicPartition(f"followed-{os.getpid()}", 0)
    with admin_client(connection) as admin:
        apply_topics(admin, [TopicSpec(where.topic, 1, 1, "for a test")])
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers) as producer:
        await producer.send_and_wait(where.topic, b"written before")
    broker.stop()
    async with aclosing(follow(connection, where)) as news:
        first = asyncio.ensure_future(anext(news))
        try:
            await asyncio.sleep(2.0)
        finally:
            broker.start()
        async with asyncio.timeout(60):
            found = await first
            while not found.caught_up:
                found = await anext(news)

    assert [record.value for record in found.records] == [b"written before"]


def _run(seed: int, broker: Broker, directory: Path, restart: BrokerRestarts) -> None:
    directory.mkdir()
    lines = document_stream(seed, VEHICLES, spike=True)
    stream = directory / "documents.jsonl"
    stream.write_bytes(b"".join(line + b"\n" for line in lines))
    deployment = Deployment(
        broker.bootstrap_servers,
        f"chaos{seed}-{os.getpid()}",
        directory,
        partitions=3,
        ZEROMILE_SESSION_SECONDS="3",
    )
    # The schedules of a run share the broker: one of them restarts it, under all.
    schedule = Schedule(seed, deployment, restart if seed % AT_ONCE == 0 else None)
    try:
        schedule.run(lines)
        alerts = expected_alerts(stream)
        assert any(alert["subject_type"] == "province" for alert in alerts.values())
        deployment.expect(alerts)
        check_state(deployment, stream)
        check_store(deployment, alerts, directory)
        check_pages(deployment, shown_documents(stream, VEHICLES_SHOWN))
        _check_dead_letters(deployment, lines)
        counted = f"lost {_lost(deployment)}, restarts {deployment.restarts}"
        print(f"seed {seed}: {schedule.done}, {counted}")  # noqa: T201 - shown with -s
    except Exception as error:
        raise AssertionError(f"seed {seed}, {schedule.done}: {error}") from error
    finally:
        deployment.close()


def _lost(deployment: Deployment) -> float:
    """Partitions that running workers had to give up to another one."""
    running = [worker for worker in deployment.workers if worker.running]
    return sum(worker.metric("zeromile_lost_partitions_total") for worker in running)


def _check_dead_letters(deployment: Deployment, lines: list[bytes]) -> None:
    """Each unreadable record, also a repeated one, has its dead letter; nothing else has."""
    letters = deployment.read_all(deployment.names.dead_letters)
    places = {
        tuple(dict(r.headers)[f"dlq.original.{part}"] for part in ("topic", "partition", "offset")): r
        for r in letters
    }
    published = Counter(
        record.value
        for topic in deployment.names.documents
        for record in deployment.read_all(topic)
        if record.value in UNREADABLE
    )
    assert Counter(record.value for record in places.values()) == published
    assert published.total() >= sum(line in UNREADABLE for line in lines)
