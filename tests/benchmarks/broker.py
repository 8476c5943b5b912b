"""A real Kafka for the benchmarks, and quick ways to fill and follow its topics."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streams.kafka.publishing import Publisher, Router
from tests.broker.deployment import Deployment
from tests.broker.kafka_broker import KafkaBroker, fetch_jars


@contextmanager
def running_broker() -> Iterator[KafkaBroker]:
    """A broker of this run's own, with its data in a directory that is removed at the end."""
    with tempfile.TemporaryDirectory() as directory:
        broker = KafkaBroker(Path(directory) / "broker")
        try:
            broker.start()
            yield broker
        finally:
            broker.kill()


@contextmanager
def deployed(
    broker: KafkaBroker, prefix: str, partitions: int, **environment: str
) -> Iterator[Deployment]:
    """Topics under a prefix, and workers that are ended at the end."""
    with tempfile.TemporaryDirectory() as directory:
        deployment = Deployment(
            broker.bootstrap_servers, prefix, Path(directory), partitions=partitions,
            # Longer than filling the topics takes: the workers stand still meanwhile.
            **({"ZEROMILE_SESSION_SECONDS": "150"} | environment),
        )  # fmt: skip
        try:
            yield deployment
        finally:
            deployment.close()


def fill(deployment: Deployment, lines: Iterable[bytes]) -> int:
    """Publish lines, each on its topic under its VIN; returns how many documents that were."""
    publisher, router = Publisher(deployment.settings), Router(deployment.names)
    for line in lines:
        publisher.publish(router.route(line))
    publisher.close()
    if publisher.failed:
        raise RuntimeError(f"the broker refused documents: {dict(publisher.failed)}")
    return publisher.published


def follow(servers: str, topic: str, partitions: int | None = None) -> KafkaConsumer:
    """A consumer of a topic, or its first partitions, from the beginning, of committed records."""
    consumer = KafkaConsumer(
        bootstrap_servers=servers, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    found = sorted(consumer.partitions_for_topic(topic) or ())[:partitions]
    consumer.assign([TopicPartition(topic, number) for number in found])
    consumer.seek_to_beginning()
    return consumer


def new_records(consumer: KafkaConsumer, timeout_ms: int = 100) -> list[Any]:
    """Records that have come since the last call, waiting a moment for the first."""
    found = consumer.poll(timeout_ms=timeout_ms)
    return [record for records in found.values() for record in records]


def broker_versions() -> dict[str, str]:
    """Version of the broker, for a report."""
    return {"apache-kafka": fetch_jars().name.rpartition("-")[2]}
