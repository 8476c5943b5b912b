"""Transactions of one partition: each is committed once, whatever the broker does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from streams.kafka.markers import MARKER_KEY, Marker, decode_marker
from streams.kafka.partition_writer import FencedError, PartitionWriter, WriteFailedError
from streams.kafka.topic_reader import read_to_end
from streams.kafka.transaction_buffer import Entry
from streams.service.partition_context import PartitionContext

RETRY_SECONDS = 1.0
T = TypeVar("T")

log = structlog.get_logger("zeromile.partition")


class LostPartitionError(Exception):
    """Another worker owns the partition."""


class Transactions:
    """Writes what belongs together, signed with a marker in the partition's changelog.

    Parameters
    ----------
    changelog
        Whose number is the partition's.
    surroundings
        What the partitions of this worker share.
    """

    def __init__(self, changelog: TopicPartition, surroundings: PartitionContext) -> None:
        self._changelog = changelog
        self._connection = surroundings.connection
        self._failures = surroundings.metrics.transaction_failures
        self._writer = PartitionWriter(
            surroundings.connection, f"{surroundings.group}-partition-{changelog.partition}"
        )
        self._marker = Marker(surroundings.owner, 0, surroundings.url)

    async def take_over(self) -> None:
        """Fence the last owner, as soon as the broker answers."""
        await persistently(self._writer.open)

    async def close(self) -> None:
        """Let go of the producer."""
        await self._writer.close()

    async def commit(self, entries: dict[TopicPartition, list[Entry]], position: int) -> int:
        """Commit a transaction, whatever it takes; returns the changelog offset after it.

        Parameters
        ----------
        entries
            What to write; the marker is added to it.
        position
            Changelog offset after the last transaction, or before it.

        Raises
        ------
        LostPartitionError
            Another worker has taken the partition over.
        """
        entries.setdefault(self._changelog, []).append((MARKER_KEY, self._marker.encode(), []))
        end = await self._write(entries, position)
        self._marker = msgspec.structs.replace(self._marker, number=self._marker.number + 1)
        return end

    async def _write(self, entries: dict[TopicPartition, list[Entry]], position: int) -> int:
        while True:
            try:
                return (await self._writer.write(entries))[self._changelog]
            except FencedError as error:
                raise self._lost("is written to by another worker") from error
            except WriteFailedError:
                self._failures.inc()
                committed = await persistently(lambda: self._look_up_commit(position))
                if committed is not None:
                    return committed

    async def _look_up_commit(self, position: int) -> int | None:
        """After a failure: the changelog's end if our transaction is in it, None if not."""
        await self._writer.open()
        marker = None
        async for batch in read_to_end(self._connection, self._changelog, position):
            for record in batch.records:
                if record.key == MARKER_KEY:
                    marker = decode_marker(record.value)
            position = batch.position
        if marker is None:
            return None
        if marker == self._marker:
            return position
        raise self._lost("was written to by another worker")

    def _lost(self, how: str) -> LostPartitionError:
        return LostPartitionError(f"partition {self._changelog.partition} {how}")


async def persistently(attempt: Callable[[], Awaitable[T]]) -> T:
    """Try until the broker answers; an outage delays a partition and fails nothing."""
    while True:
        try:
            return await attempt()
        except (KafkaError, OSError) as error:
            log.warning("broker does not answer", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
