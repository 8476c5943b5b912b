"""Writes of one partition, in transactions that only its present owner can commit.

The transactional id belongs to the partition. Whoever opens a writer for it fences every earlier
one: the broker refuses their writes and aborts what they had not committed. So a worker that was
paused until the group gave its partitions away cannot overwrite what the new owner wrote.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    ProducerFenced,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.structs import RecordMetadata, TopicPartition

from detectors.errors import ZeromileError
from streams.kafka.connection import KafkaConnection
from streams.kafka.transaction_buffer import Entry

BATCH_BYTES = 900_000
SMALLEST_BATCH_BYTES = 1_000
SMALLER = 4
"""By how much batches get smaller at a time."""
REQUEST_BYTES = 4 * 1024 * 1024
YIELD_EVERY = 1000
REQUEST_TIMEOUT_MS = 30_000
TRANSACTION_TIMEOUT_MS = 60_000
STOP_SECONDS = 5.0

TOO_LARGE: Final = (MessageSizeTooLargeError, RecordListTooLargeError)
_FOR_PEOPLE = (
    TopicAuthorizationFailedError,
    ClusterAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    InvalidTopicError,
    PolicyViolationError,
)

PRIVATE_HOOKS: Final = {
    "aiokafka.producer.transaction_manager.TransactionManager": ("wait_for_transaction_end(self)",)
}
"""What is used of aiokafka's inside, guarded by `tests/service/test_faust_hooks.py`."""


class FencedError(ZeromileError):
    """Another worker has opened a writer for this partition since."""


class WriteFailedError(ZeromileError):
    """The transaction may or may not have been committed; reopen, look and decide."""

    alone: tuple[TopicPartition, Entry] | None = None
    """The record that was too large for the broker though it was alone in its batch."""

    @property
    def too_large(self) -> bool:
        """Whether the broker takes no record of this size, however often it is asked."""
        return isinstance(self.__cause__, TOO_LARGE)

    @property
    def permanent(self) -> bool:
        """Whether trying again is of no use before a person has changed something."""
        return self.too_large or isinstance(self.__cause__, _FOR_PEOPLE)


class PartitionWriter:
    """A transactional producer for one partition; `open` it before use and after every failure.

    Parameters
    ----------
    connection
        Where Kafka is.
    transactional_id
        The same for a partition on every worker.
    """

    def __init__(self, connection: KafkaConnection, transactional_id: str) -> None:
        self._connection = connection
        self._transactional_id = transactional_id
        self._producer: AIOKafkaProducer | None = None
        self._batch_bytes = BATCH_BYTES
        self._alone: tuple[TopicPartition, Entry] | None = None

    def write_smaller_batches(self) -> None:
        """Take less into a batch from now on: a broker's limit is one of batches, not of records."""
        self._batch_bytes = max(SMALLEST_BATCH_BYTES, self._batch_bytes // SMALLER)

    async def open(self) -> None:
        """Fence earlier writers of the partition and abort what they left open.

        Raises
        ------
        aiokafka.errors.KafkaError
            The broker cannot be reached or refuses.
        """
        await self.close()
        producer = AIOKafkaProducer(
            acks="all",
            transactional_id=self._transactional_id,
            max_batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES,
            # lz4 at the level that aiokafka fixes takes five times as long, and packs less.
            compression_type="zstd",
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            **self._connection.aiokafka_options(),
        )
        try:
            await producer.start()
        except BaseException:
            await _stop(producer)
            raise
        self._producer = producer

    async def close(self) -> None:
        """Let go of the producer."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await _stop(producer)

    async def write(
        self, entries: Mapping[TopicPartition, Sequence[Entry]]
    ) -> dict[TopicPartition, int]:
        """Write everything in one transaction; returns the offset after the last record of each.

        Raises
        ------
        FencedError
            Nothing was written: the partition has another owner.
        WriteFailedError
            The outcome is unknown; the writer must be opened again.
        """
        producer, self._alone = self._producer, None
        if producer is None:
            raise WriteFailedError("the writer is closed")
        try:
            async with producer.transaction():
                manager = producer._txn_manager  # noqa: SLF001 - see PRIVATE_HOOKS
                manager.wait_for_transaction_end().add_done_callback(_fetch_outcome)
                return await self._send(producer, entries)
        except (ProducerFenced, InvalidProducerEpoch, InvalidProducerIdMapping) as error:
            raise FencedError(self._transactional_id) from error
        except (KafkaError, AssertionError, TimeoutError) as error:
            # aiokafka asserts its own state machine when a transaction broke half way.
            raise self._failure(error) from error

    def _failure(self, error: BaseException) -> WriteFailedError:
        failure = WriteFailedError(f"{type(error).__name__}: {error}")
        if self._alone is not None and isinstance(error, TOO_LARGE):
            where, (key, value, _) = self._alone
            failure = WriteFailedError(
                f"a record of {len(key or b'') + len(value or b''):,} bytes is larger than "
                f"max.message.bytes of {where.topic}: raise it"
            )
            failure.alone = self._alone
        return failure

    async def _send(
        self, producer: AIOKafkaProducer, entries: Mapping[TopicPartition, Sequence[Entry]]
    ) -> dict[TopicPartition, int]:
        sent: list[_SentBatch] = []
        for where, records in entries.items():
            batch = producer.create_batch()
            for number, entry in enumerate(records):
                key, value, headers = entry
                if (
                    self._is_full(batch, entry)
                    or batch.append(timestamp=None, key=key, value=value, headers=headers) is None
                ):
                    sent.append(await _submit(producer, batch, where, records[number - 1]))
                    batch = producer.create_batch()
                    batch.append(timestamp=None, key=key, value=value, headers=headers)
                if number % YIELD_EVERY == YIELD_EVERY - 1:
                    await asyncio.sleep(0)
            if batch.record_count():
                sent.append(await _submit(producer, batch, where, records[-1]))
        ends: dict[TopicPartition, int] = {}
        for one in sent:
            try:
                metadata = await one.future
            except TOO_LARGE:
                self._alone = (one.where, one.last) if one.records == 1 else None
                raise
            ends[one.where] = metadata.offset + one.records
        return ends

    def _is_full(self, batch: Any, entry: Entry) -> bool:
        """Whether smaller batches are asked for, and this one has enough without the next record."""
        if self._batch_bytes == BATCH_BYTES or not batch.record_count():
            return False
        key, value, headers = entry
        size = len(key or b"") + len(value or b"")
        size += sum(len(name) + len(data or b"") for name, data in headers)
        return bool(batch.size() + size > self._batch_bytes)


class _SentBatch(NamedTuple):
    """A batch that is on its way."""

    where: TopicPartition
    records: int
    last: Entry
    """Its last record, the only one where it has one."""
    future: asyncio.Future[RecordMetadata]


async def _submit(
    producer: AIOKafkaProducer, batch: Any, where: TopicPartition, last: Entry
) -> _SentBatch:
    count: int = batch.record_count()
    future = await producer.send_batch(batch, where.topic, partition=where.partition)
    future.add_done_callback(_fetch_outcome)
    return _SentBatch(where, count, last, future)


def _fetch_outcome(future: asyncio.Future[object]) -> None:
    """Where one batch fails nobody waits for the rest, and asyncio complains about each of them."""
    if not future.cancelled():
        future.exception()


async def _stop(producer: AIOKafkaProducer) -> None:
    # A broken producer cannot flush; what it still holds is written again by the next one.
    with suppress(KafkaError, AssertionError, TimeoutError, OSError):
        await asyncio.wait_for(producer.stop(), STOP_SECONDS)
