"""One record there and back: whether the broker takes what the service writes."""

from __future__ import annotations

import time
from typing import Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from detectors.errors import ZeromileError
from streams.kafka.blocking_clients import opened
from streams.kafka.connection import KafkaConnection

PATIENCE_SECONDS: Final = 30.0
POLL_MS: Final = 500
KEY: Final = b"round trip"


class RoundTripError(ZeromileError):
    """A record did not come back; the message says where it was lost."""


def round_trip(connection: KafkaConnection, topic: str, transactional_id: str) -> float:
    """Write a record as workers do, read it, and take it back; returns the seconds that it took.

    It is compressed with zstd and stands in a transaction that is aborted, so that nobody who reads
    committed records ever sees it. A broker may answer, lead its partitions and still refuse every
    record: one whose /tmp does not let it load its compression library does.

    Parameters
    ----------
    connection
        Where Kafka is.
    topic
        Where to write, in partition 0.
    transactional_id
        Of nobody else.

    Raises
    ------
    RoundTripError
        The record was refused, or was not there to be read.
    """
    started = time.perf_counter()
    where = TopicPartition(topic, 0)
    try:
        with opened(
            KafkaProducer, connection, acks="all", compression_type="zstd",
            transactional_id=transactional_id, max_block_ms=int(PATIENCE_SECONDS * 1000),
        ) as producer:  # fmt: skip
            producer.init_transactions()
            producer.begin_transaction()
            future = producer.send(topic, key=KEY, value=KEY * 100, partition=0)
            offset = future.get(PATIENCE_SECONDS).offset
            _read(connection, where, offset)
            producer.abort_transaction()
    except KafkaError as error:
        raise RoundTripError(
            f"{topic}: a record could not be written and read: {type(error).__name__}: {error}; "
            "the broker's log says why"
        ) from error
    return time.perf_counter() - started


def _read(connection: KafkaConnection, where: TopicPartition, offset: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    with opened(
        KafkaConsumer, connection, isolation_level="read_uncommitted", enable_auto_commit=False
    ) as consumer:
        consumer.assign([where])
        consumer.seek(where, offset)
        while time.monotonic() < deadline:
            if any(record.key == KEY for record in consumer.poll(POLL_MS).get(where, ())):
                return
    raise RoundTripError(f"{where.topic}: a record was written at offset {offset} and cannot be read")
