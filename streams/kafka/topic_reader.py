"""Read a partition from an offset to its present end, without a consumer group.

Recovery reads millions of records, and most of what aiokafka's consumer does with one is to make
an object of eleven fields of it. Here the records stay as aiokafka's C code unpacked them;
checksums, compression, aborted transactions and gaps are still aiokafka's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import Any, Final, NamedTuple, Protocol

from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import READ_COMMITTED, OffsetResetStrategy, PartitionRecords
from aiokafka.errors import for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from streams.kafka.connection import KafkaConnection

FETCH_BYTES: Final = 4 * 1024 * 1024
FETCH_WAIT_MS: Final = 500
TURN: Final = 2000
"""Records after which other tasks have their turn: some milliseconds of work."""

PRIVATE_HOOKS: Final = {
    "aiokafka.consumer.fetcher.PartitionRecords": ("_consumer_record(self, tp, record)",)
}
"""What is overridden of aiokafka, guarded by `tests/service/test_faust_hooks.py`."""


class TopicRecord(Protocol):
    """What is wanted of a record: bytes, or None."""

    key: Any
    value: Any


class Fetched(NamedTuple):
    """Some records, possibly none at the very end, and how far reading has come."""

    records: Sequence[TopicRecord]
    position: int
    end: int


class _BareRecords(PartitionRecords):  # type: ignore[misc] # aiokafka is not typed
    """Committed records of one fetch, by rising offset."""

    def _consumer_record(self, tp: TopicPartition, record: TopicRecord) -> TopicRecord:  # noqa: ARG002 - theirs
        return record

    def turns(self) -> Iterator[list[TopicRecord]]:
        """Go through them; the last turn may be empty."""
        turn = list(islice(self, TURN))
        while len(turn) == TURN:
            yield turn
            turn = list(islice(self, TURN))
        yield turn


async def read_to_end(
    connection: KafkaConnection, where: TopicPartition, start: int
) -> AsyncIterator[Fetched]:
    """Yield committed records from `start` on, until the end found at the first look.

    Raises
    ------
    aiokafka.errors.KafkaError
        The broker does not answer, leads the partition no longer, or has deleted what comes next;
        reading again from the last position goes on.
    """
    async with _client_for(connection, where.topic) as client:
        first = await _offset(client, where, OffsetResetStrategy.EARLIEST)
        end = await _offset(client, where, OffsetResetStrategy.LATEST)
        position = max(first, min(start, end))
        while position < end:
            fetched = await _fetch(client, where, position)
            for records in fetched.turns():
                position = fetched.next_fetch_offset
                yield Fetched(records, position, end)
                await asyncio.sleep(0)


@asynccontextmanager
async def _client_for(connection: KafkaConnection, topic: str) -> AsyncIterator[AIOKafkaClient]:
    client = AIOKafkaClient(**connection.aiokafka_options())
    try:
        await client.bootstrap()
        await client.set_topics([topic])
        yield client
    finally:
        await client.close()


async def _offset(client: AIOKafkaClient, where: TopicPartition, which: int) -> int:
    """First offset, or the one after the last committed record."""
    asked = [(where.topic, [(where.partition, which)])]
    answer = await _ask_leader(client, where, OffsetRequest(-1, READ_COMMITTED, asked))
    offset: int = answer[-1]
    return offset


async def _fetch(client: AIOKafkaClient, where: TopicPartition, position: int) -> _BareRecords:
    asked = [(where.topic, [(where.partition, position, FETCH_BYTES)])]
    request = FetchRequest(FETCH_WAIT_MS, 1, FETCH_BYTES, READ_COMMITTED, asked)
    # The same since Kafka 1.0; the changelog's zstd needs 2.1.
    _, _, _, _, _, aborted, *_, records = await _ask_leader(client, where, request)
    return _BareRecords(
        where, MemoryRecords(records), aborted, position, None, None, True, READ_COMMITTED
    )


async def _ask_leader(
    client: AIOKafkaClient, where: TopicPartition, request: FetchRequest | OffsetRequest
) -> Sequence[Any]:
    """Fields of the answer for the partition; the second one says whether it is an error."""
    response = await client.send(client.cluster.leader_for_partition(where), request)
    ((_, (answer,)),) = response.topics
    if answer[1]:
        raise for_code(answer[1])(f"{where.topic}, partition {where.partition}")
    return answer  # type: ignore[no-any-return] # aiokafka is not typed
