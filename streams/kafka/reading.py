"""Read topics from the command line: to their end, or on and on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import UnknownTopicOrPartitionError

from streams.kafka.blocking_clients import opened
from streams.kafka.connection import KafkaConnection

POLL_MS = 500
BOOTSTRAP_MS = 10_000


def committed_reader(connection: KafkaConnection) -> AbstractContextManager[KafkaConsumer]:
    """kafka-python's consumer without a group, reading committed transactions."""
    return opened(
        KafkaConsumer,
        connection,
        client_id="zeromile-cli",
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        bootstrap_timeout_ms=BOOTSTRAP_MS,
    )


def partitions_of(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    """Partitions of a topic.

    Raises
    ------
    UnknownTopicOrPartitionError
        There is no such topic.
    """
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise UnknownTopicOrPartitionError(f"there is no topic {topic}")
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def read_to_present_end(consumer: KafkaConsumer, partitions: Sequence[TopicPartition]) -> Iterator[Any]:
    """Records from the first one to the end found at the start."""
    consumer.assign(list(partitions))
    consumer.seek_to_beginning(*partitions)
    ends = consumer.end_offsets(list(partitions))
    while any(consumer.position(where) < ends[where] for where in partitions):
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            yield from records


def follow(consumer: KafkaConsumer, partitions: Sequence[TopicPartition]) -> Iterator[Any]:
    """Records that are written from now on, until interrupted."""
    consumer.assign(list(partitions))
    consumer.seek_to_end(*partitions)
    # The end is looked up lazily; later would miss what is written meanwhile.
    for where in partitions:
        consumer.position(where)
    while True:
        for records in consumer.poll(timeout_ms=POLL_MS).values():
            yield from records
