"""Follow a topic of one partition: what is committed to it, from a place on and without an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from streams.kafka.connection import KafkaConnection
from streams.kafka.patience import Patience

POLL_MS = 500

log = structlog.get_logger("zeromile.following")


class Followed(NamedTuple):
    """What has come since the last time."""

    records: Sequence[ConsumerRecord]
    position: int
    """Where to go on."""
    caught_up: bool
    """Whether all is read that was there when following began."""


async def follow(connection: KafkaConnection, where: TopicPartition) -> AsyncGenerator[Followed, None]:
    """Read on and on; yields every half second at the latest, also where nothing has come.

    While the broker cannot be reached nothing is yielded; reading goes on from where it ended.

    Parameters
    ----------
    connection
        Where Kafka is.
    where
        The partition.
    """
    position = 0
    patience = Patience(log, "topic cannot be read", topic=where.topic)
    while True:
        try:
            async with aclosing(_read_from(connection, where, position)) as news:
                async for new in news:
                    patience.worked()
                    position = new.position
                    yield new
        except (KafkaError, OSError) as error:
            await asyncio.sleep(patience.failed(error))


async def _read_from(
    connection: KafkaConnection, where: TopicPartition, position: int
) -> AsyncGenerator[Followed, None]:
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
