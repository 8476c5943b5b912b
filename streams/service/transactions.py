"""Transactions of one partition: each is committed once, whatever the broker does meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
import structlog
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from detectors.errors import ZeromileError
from streams.kafka.dead_letters import smaller_letter
from streams.kafka.markers import MARKER_KEY, Marker, decode_marker
from streams.kafka.partition_writer import FencedError, PartitionWriter, WriteFailedError
from streams.kafka.patience import Patience
from streams.kafka.topic_reader import read_to_end
from streams.kafka.transaction_buffer import Entry
from streams.service.oversize import letter_of_entry, take_out, take_oversize
from streams.service.partition_context import PartitionContext

TROUBLED_SECONDS = 5.0
"""How long transactions may fail before their partition counts as one that does not work: a broker that
hands its partitions over needs no more."""
ATTEMPTS = 3
"""How often a record that is too large is tried before it is set aside."""
T = TypeVar("T")

log = structlog.get_logger("zeromile.partition")


class LostPartitionError(ZeromileError):
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
        self._names = surroundings.names
        self._failures = surroundings.metrics.transaction_failures
        self._set_aside_records = surroundings.metrics.set_aside_records
        self._writer = PartitionWriter(
            surroundings.connection, f"{surroundings.group}-partition-{changelog.partition}"
        )
        self._marker = Marker(surroundings.owner, 0, surroundings.url)
        self._permanent = False
        """Whether the last failure is one that trying again does not help."""
        self._patience = Patience(log, "transactions fail", partition=changelog.partition)

    @property
    def trouble(self) -> str | None:
        """Why nothing gets written, once it has been so for seconds; None where all is well."""
        if self._patience.seconds <= TROUBLED_SECONDS:
            return None
        said = self._patience.error
        return f"{said}; it does not pass, somebody must act" if self._permanent else said

    @property
    def troubled_seconds(self) -> float:
        """How long transactions have been failing; 0 while they succeed."""
        return self._patience.seconds

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
        attempts = 0
        while True:
            try:
                end = (await self._writer.write(entries))[self._changelog]
            except FencedError as error:
                raise self._lost("is written to by another worker") from error
            except WriteFailedError as error:
                self._failures.inc()
                self._permanent = error.permanent
                attempts += 1
                if error.too_large:
                    self._writer.write_smaller_batches()
                    if attempts >= ATTEMPTS:
                        self._set_aside(entries, error.alone)
                pause = self._patience.failed(error)
                committed = await persistently(lambda: self._look_up_commit(position))
                if committed is None:
                    await asyncio.sleep(pause)
                    continue
                end = committed
            self._patience.worked()
            return end

    def _set_aside(
        self,
        entries: dict[TopicPartition, list[Entry]],
        alone: tuple[TopicPartition, Entry] | None,
    ) -> None:
        """Write what the broker will never take as dead letters, cut, in the same transaction.

        A vehicle's record that only a lowered limit keeps out stays, and its partition with it: without
        the record the vehicle would be as it was before.
        """
        dead_letters = TopicPartition(self._names.dead_letters, self._changelog.partition)
        taken = take_oversize(entries)
        if not taken and alone is not None:
            where, entry = alone
            if where.topic == dead_letters.topic:
                records = entries[where]
                records[records.index(entry)] = smaller_letter(entry)
            elif where.topic != self._names.vehicles:
                taken = [take_out(entries, where, entry)]
        for where, entry in taken:
            entries.setdefault(dead_letters, []).append(letter_of_entry(where, entry))
            self._set_aside_records.labels(where.topic).inc()
            log.error(
                "record is too large for the broker and was set aside",
                topic=where.topic,
                partition=where.partition,
                remedy="raise the topic's max.message.bytes; `zeromile dead-letters list` names it",
            )

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
    patience = Patience(log, "broker does not answer")
    while True:
        try:
            done = await attempt()
        except (KafkaError, OSError) as error:
            await asyncio.sleep(patience.failed(error))
        else:
            patience.worked()
            return done
