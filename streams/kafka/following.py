"""Follow a topic of one partition: what is committed to it, from a place on and without an end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from streams.kafka.connection import KafkaConnection

POLL_MS = 500


class Followed(NamedTuple):
    """What has come since the last time."""

    records: Sequence[ConsumerRecord]
    position: int
    """Where to go on."""
    caught_up: bool
    """Whether all is read that was there when following began."""


async def follow(
    connection: KafkaConnection, where: TopicPartition, position: int = 0
) -> AsyncGenerator[Followed, None]:
    """Read on and on; yields every half second at the latest, also where nothing has come.

    Parameters
    ----------
    connection
        Where Kafka is.
    where
        The partition.
    position
        Where to begin.

    Raises
    ------
    aiokafka.errors.KafkaError
        The broker cannot be reached or refuses.
    """
    consumer = AIOKafkaConsumer(
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=POLL_MS,
        **connection.aiokafka_options(),
    )
    try:
        await consumer.start()
        consumer.assign([where])
        end = (await consumer.end_offsets([where]))[where]
        consumer.seek(where, position)
        while True:
            found = await consumer.getmany(where, timeout_ms=POLL_MS)
            reached = await consumer.position(where)
            yield Followed(found.get(where, []), reached, reached >= end)
    finally:
        await consumer.stop()
