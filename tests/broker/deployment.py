"""A deployment under test: its own topics, worker processes, and a look at what they wrote."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from kafka import TopicPartition
from kafka.errors import KafkaError
from prometheus_client.parser import text_string_to_metric_families

from detectors.forest.trained import ForestModel
from streams.backfill.replay import Replay
from streams.kafka.publishing import Publisher, Router
from streams.kafka.reading import committed_reader, partitions_of, read_to_present_end
from streams.kafka.topic_admin import admin_client, apply_topics
from streams.service.layout import catalogue_of, names_of
from streams.service.settings import Settings, load_settings
from tests.broker.kafka_broker import free_port

T = TypeVar("T")
MOST_RESTARTS = 5
MOVING = ("detected_at", "revision", "cause")
POSITIONS = ("topic", "partition", "offset")
CONSUMED_SECONDS = 120.0
WAITING = ("zeromile_consumer_lag", "zeromile_partitions", "zeromile_transaction_failures_total")
# Without the other commands, whose imports cost every worker of a schedule seconds.
COMMAND = "from streams.cli import main; main()"


def settled(alert: dict[str, Any]) -> dict[str, Any]:
    """What of an alert must not depend on how it came about."""
    kept = {name: value for name, value in alert.items() if name not in MOVING}
    kept["evidence"] = [
        {name: value for name, value in document.items() if name not in POSITIONS}
        for document in alert["evidence"]
    ]
    return kept


def expected_alerts(replayed_from: Path, model: ForestModel | None = None) -> dict[str, dict[str, Any]]:
    """Alerts that fire at the end of an embedded replay, by id."""
    from detectors.registry import Catalogue  # noqa: PLC0415 - only here
    from streams.setup.policy import load_policy  # noqa: PLC0415

    replayed = Replay(Catalogue(load_policy(None), model)).run([replayed_from])
    firing = {i: msgspec.json.decode(msgspec.json.encode(a)) for i, a in replayed.firing.items()}
    return {identity: settled(alert) for identity, alert in firing.items()}


class WorkerProcess:
    """`zeromile worker` as a process of its own."""

    def __init__(self, environment: dict[str, str], directory: Path) -> None:
        self.port = free_port()
        self.log = directory / f"worker-{self.port}.log"
        self.log.unlink(missing_ok=True)  # of a worker that had the port before
        self._environment = environment
        self._ended_by_us = False
        self._process = self._start()

    @property
    def failed(self) -> bool:
        """Whether it left by itself, with an error: nobody stopped or killed it."""
        return not self._ended_by_us and self.status not in (None, 0)

    def restart(self) -> None:
        """Start it again where it failed, as `restart: unless-stopped` does in the compose file."""
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - fixed arguments
                [sys.executable, "-W", "ignore", "-c", COMMAND, "worker"],
                env=os.environ | self._environment | {"ZEROMILE_WEB_PORT": str(self.port)},
                stdout=subprocess.DEVNULL, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Exit status, None while it runs."""
        return self._process.poll()

    @property
    def running(self) -> bool:
        return self.status is None

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as page:
                return page.status, page.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    @property
    def ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def metric(self, name: str, **labels: str) -> float:
        """Sum of a metric's samples with these labels."""
        text = self.get("/metrics")[1].decode()
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def story(self) -> str:
        """The end of its log, without what aiokafka says at every heartbeat."""
        lines = self.log.read_text("utf-8").splitlines(keepends=True)
        return "".join(line for line in lines if "Heartbeat failed" not in line)[-6000:]

    def waiting(self) -> str:
        """What its metrics say of documents and partitions, for messages of failed tests."""
        lines = self.get("/metrics")[1].decode().splitlines()
        return "\n".join(line for line in lines if line.startswith(WAITING))

    def signal(self, number: int) -> None:
        self._ended_by_us = self._ended_by_us or number in (signal.SIGTERM, signal.SIGKILL)
        self._process.send_signal(number)

    def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM; returns the exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """SIGKILL, as a crash."""
        self.signal(signal.SIGKILL)
        self._process.wait(timeout=30)


class Deployment:
    """Topics under a prefix of their own, and workers that share a group."""

    def __init__(
        self, bootstrap_servers: str, prefix: str, directory: Path, *, partitions: int, **env: str
    ) -> None:
        self.environment = {
            "ZEROMILE_BOOTSTRAP_SERVERS": bootstrap_servers,
            "ZEROMILE_TOPIC_PREFIX": prefix,
            "ZEROMILE_GROUP": prefix,
            "ZEROMILE_PARTITIONS": str(partitions),
            "ZEROMILE_SESSION_SECONDS": "6",
            **env,
        }
        self.settings: Settings = load_settings(
            bootstrap_servers=bootstrap_servers,
            topic_prefix=prefix,
            group=prefix,
            partitions=partitions,
        )
        self.names = names_of(self.settings)
        self.directory = directory
        self.workers: list[WorkerProcess] = []
        self.restarts = 0
        with admin_client(self.settings) as client:
            assert apply_topics(client, catalogue_of(self.settings)) == []

    # -- documents

    def publish(self, lines: Iterable[bytes]) -> None:
        publisher, router = persistently(lambda: Publisher(self.settings)), Router(self.names)
        for line in lines:
            publisher.publish(router.route(line))
        publisher.close()
        assert not publisher.failed

    # -- workers

    def start_worker(self, **environment: str) -> WorkerProcess:
        # Two workers never share a state directory, except one after the other.
        own = {"ZEROMILE_STATE_DIRECTORY": str(self.directory / f"state-{len(self.workers)}")}
        worker = WorkerProcess(self.environment | own | environment, self.directory)
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        for worker in self.workers:
            if worker.running:
                worker.signal(signal.SIGCONT)
                worker.kill()

    def keep_up(self) -> None:
        """Start failed workers again: some faults are answered by leaving, with an error."""
        for worker in self.workers:
            if worker.failed:
                assert self.restarts < MOST_RESTARTS, f"workers fail all the time\n{self.logs()}"
                self.restarts += 1
                worker.restart()

    def logs(self) -> str:
        return "\n".join(f"{worker.story()}{worker.waiting()}" for worker in self.workers)

    # -- waiting and looking

    def lag(self) -> int:
        """Published documents that the group has not committed."""
        return persistently(self._lag)

    def _lag(self) -> int:
        partitions = [
            TopicPartition(topic, number)
            for topic in self.names.documents
            for number in range(self.settings.partitions)
        ]
        with committed_reader(self.settings) as consumer:
            ends = consumer.end_offsets(partitions)
        with admin_client(self.settings) as client:
            group = self.settings.group
            committed = client.list_group_offsets({group: partitions})[group]
        done = sum(max(0, committed[p].offset) for p in partitions if p in committed)
        return sum(ends.values()) - done

    def wait_until_consumed(self) -> None:
        def consumed() -> bool:
            self.keep_up()
            return self.lag() == 0

        wait_for(consumed, CONSUMED_SECONDS, "documents are left", self.logs)

    def read_all(self, topic: str) -> list[Any]:
        """Every committed record of a topic."""
        return persistently(lambda: self._read_all(topic))

    def _read_all(self, topic: str) -> list[Any]:
        with committed_reader(self.settings) as consumer:
            return list(read_to_present_end(consumer, partitions_of(consumer, topic)))

    def firing(self) -> dict[str, dict[str, Any]]:
        """Alerts that fire now, by id, as a consumer that upserts by id sees them."""
        latest: dict[str, dict[str, Any]] = {}
        for record in self.read_all(self.names.alerts):
            alert = msgspec.json.decode(record.value)
            assert record.key.decode() == alert["alert_id"]
            known = latest.get(alert["alert_id"])
            assert known is None or alert["revision"] > known["revision"], "revisions only grow"
            latest[alert["alert_id"]] = alert
        return {i: settled(alert) for i, alert in latest.items() if alert["state"] == "firing"}

    def expect(self, expected: dict[str, dict[str, Any]]) -> None:
        """The firing alerts are these; deadlines may need a moment after the last document."""
        self.wait_until_consumed()
        last: list[dict[str, dict[str, Any]]] = []

        def equal() -> bool:
            last[:] = [self.firing()]
            return last[0] == expected

        try:
            wait_for(equal, 120.0, "alerts differ", self.logs)
        except TimeoutError:
            assert last[0] == expected, self.logs()


def persistently(attempt: Callable[[], T]) -> T:
    """Try again while the broker is away: clients under test do the same."""
    for _ in range(60):
        try:
            return attempt()
        except KafkaError:
            time.sleep(0.5)
    return attempt()


def wait_for(
    condition: Callable[[], bool], seconds: float, what: str, about: Callable[[], str] = str
) -> None:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} after {seconds:.0f} s\n{about()}")
        time.sleep(0.3)
