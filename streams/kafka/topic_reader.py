"""Read a partition from an offset to its present end, without a consumer group."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition

from streams.kafka.connection import KafkaConnection

FETCH_BYTES = 4 * 1024 * 1024
POLL_MS = 500


class Fetched(NamedTuple):
    """Records of one fetch, possibly none at the very end, and how far reading has come."""

    records: Sequence[ConsumerRecord]
    position: int
    end: int


async def read_to_end(
    connection: KafkaConnection, where: TopicPartition, start: int
) -> AsyncIterator[Fetched]:
    """Yield committed records from `start` on, until the end found at the first look."""
    consumer = AIOKafkaConsumer(
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=POLL_MS,
        **connection.aiokafka_options(),
    )
    await consumer.start()
    try:
        consumer.assign([where])
        first = (await consumer.beginning_offsets([where]))[where]
        end = (await consumer.end_offsets([where]))[where]
        position = max(first, min(start, end))
        consumer.seek(where, position)
        while position < end:
            records = (await consumer.getmany(where, timeout_ms=POLL_MS)).get(where, [])
            position = await consumer.position(where)
            yield Fetched(records, position, end)
    finally:
        await consumer.stop()
