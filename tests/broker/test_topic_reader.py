"""The reader of whole partitions against aiokafka's consumer, on topics with everything in them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError, OffsetOutOfRangeError
from aiokafka.structs import TopicPartition

from streams.kafka import topic_reader
from streams.kafka.topic_admin import admin_client, apply_topics
from streams.kafka.topic_reader import read_to_end
from streams.kafka.topics import TopicSpec
from streams.service.settings import Settings, load_settings

pytestmark = pytest.mark.broker

KEYS = [f"VIN{n:03d}".encode() for n in range(300)]
CODECS = (None, "gzip", "snappy", "lz4", "zstd")
COMPACTED_SECONDS = 120.0
AT_ONCE = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.01",
    "segment.ms": "100",
    "max.compaction.lag.ms": "100",
}
Pair = tuple[bytes, bytes | None]


@pytest.fixture
def connection(bootstrap_servers: str) -> Settings:
    return load_settings(bootstrap_servers=bootstrap_servers)


@pytest.fixture
def where(connection: Settings, prefix: str) -> TopicPartition:
    return _topic(connection, f"{prefix}.kept")


@pytest.fixture
async def filled(connection: Settings, where: TopicPartition) -> TopicPartition:
    await _fill(connection, where)
    return where


def _topic(connection: Settings, name: str, **configs: str) -> TopicPartition:
    with admin_client(connection) as client:
        apply_topics(client, [TopicSpec(name, 1, 1, "for a test", configs)])
    return TopicPartition(name, 0)


class Writer:
    """A producer, transactional if it has a name."""

    def __init__(
        self, connection: Settings, where: TopicPartition, codec: str | None, name: str | None = None
    ) -> None:
        self._where, self._dice = where, random.Random(name)
        self._options = {
            "transactional_id": name and f"{where.topic}-{name}",
            "compression_type": codec,
            "max_batch_size": 4000,
            "linger_ms": 5,
            **connection.aiokafka_options(),
        }
        self.producer = AIOKafkaProducer(**self._options)

    async def __aenter__(self) -> Writer:
        await self.producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.producer.stop()
        if self._options["transactional_id"]:
            # A transaction's end reaches its partitions after the answer; a successor waits for it.
            successor = AIOKafkaProducer(**self._options)
            await successor.start()
            await successor.stop()

    async def write(self, count: int, word: str) -> None:
        """Records under random keys; one in ten takes its key back."""
        sent = []
        for number in range(count):
            value = None if self._dice.random() < 0.1 else f"{word} {number}".encode()
            where = self._where
            sent.append(
                await self.producer.send(where.topic, value, self._dice.choice(KEYS), where.partition)
            )
        await asyncio.gather(*sent)


async def _fill(connection: Settings, where: TopicPartition) -> None:
    """Plain records in every compression, then transactions that overlap and end either way."""
    for codec in CODECS:
        async with Writer(connection, where, codec) as writer:
            await writer.write(300, f"plain {codec}")
    async with (
        Writer(connection, where, "zstd", "first") as first,
        Writer(connection, where, "lz4", "second") as second,
    ):
        for number in range(4):
            await first.producer.begin_transaction()
            await second.producer.begin_transaction()
            await first.write(200, f"first {number}")
            await second.write(50, f"second {number}")
            await first.write(200, f"first {number} again")
            await (first.producer.abort_transaction, first.producer.commit_transaction)[number % 2]()
            await second.write(50, f"second {number} again")
            await (second.producer.commit_transaction, second.producer.abort_transaction)[number // 2]()


async def _consumed(connection: Settings, where: TopicPartition, start: int) -> tuple[list[Pair], int]:
    """What aiokafka's consumer reads from an offset on, and the end of what is committed."""
    consumer = AIOKafkaConsumer(
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **connection.aiokafka_options(),
    )
    await consumer.start()
    try:
        consumer.assign([where])
        end = (await consumer.end_offsets([where]))[where]
        consumer.seek(where, start)
        found: list[Pair] = []
        while await consumer.position(where) < end:
            records = (await consumer.getmany(where, timeout_ms=500)).get(where, [])
            found += [(record.key, record.value) for record in records]
    finally:
        await consumer.stop()
    return found, end


async def _read(
    connection: Settings, where: TopicPartition, start: int
) -> tuple[list[Pair], list[tuple[int, int]]]:
    """What the reader yields, and after how many records it stood where."""
    found: list[Pair] = []
    steps: list[tuple[int, int]] = []
    async for batch in read_to_end(connection, where, start):
        found += [(record.key, record.value) for record in batch.records]
        steps.append((len(found), batch.position))
    return found, steps


async def _agree(connection: Settings, where: TopicPartition, starts: Iterable[int]) -> list[Pair]:
    """Read from several offsets, and on from some positions between; returns the last reading."""
    found: list[Pair] = []
    for start in starts:
        expected, end = await _consumed(connection, where, start)
        found, steps = await _read(connection, where, start)
        assert found == expected, f"from {start}"
        assert steps[-1:] == [(len(expected), end)], f"from {start}"
        for count, position in steps[:: max(1, len(steps) // 3)]:
            assert (await _read(connection, where, position))[0] == expected[count:], f"at {position}"
    return found


@pytest.fixture(params=[None, 5000], ids=["large fetches", "small fetches"], autouse=True)
def _fetches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param is not None:
        monkeypatch.setattr(topic_reader, "FETCH_BYTES", request.param)
        monkeypatch.setattr(topic_reader, "TURN", 7)


async def test_committed_records_in_any_compression_are_read_and_no_others(
    connection: Settings, filled: TopicPartition
):
    found = await _agree(connection, filled, (1777, 1500, 33, 0))

    words = {value.rsplit(b" ", 1)[0] for _, value in found if value is not None}
    assert words >= {f"plain {codec}".encode() for codec in CODECS}
    assert {b"first 1", b"first 3 again", b"second 0", b"second 1 again"} <= words
    assert not words & {b"first 0", b"first 2 again", b"second 2", b"second 3 again"}


async def test_records_that_were_deleted_are_passed_over(
    connection: Settings, filled: TopicPartition, admin: AIOKafkaAdminClient
):
    await admin.delete_records({filled: RecordsToDelete(before_offset=1601)})

    found = await _agree(connection, filled, (1700, 0))

    assert not any(value and value.startswith(b"plain") for _, value in found)


async def test_an_open_transaction_ends_what_is_read(connection: Settings, filled: TopicPartition):
    async with Writer(connection, filled, "zstd", "open") as still_open:
        await still_open.producer.begin_transaction()
        await still_open.write(10, "open")
        async with Writer(connection, filled, "zstd") as plain:
            await plain.write(10, "behind")

        found = await _agree(connection, filled, (0,))

        assert not any(value and value.startswith((b"open", b"behind")) for _, value in found)
        await still_open.producer.abort_transaction()


async def test_nothing_is_read_of_an_empty_topic_or_from_beyond_the_end(
    connection: Settings, where: TopicPartition
):
    assert await _read(connection, where, 0) == ([], [])
    async with Writer(connection, where, "zstd") as writer:
        await writer.write(3, "few")

    assert await _read(connection, where, 3) == ([], [])
    assert await _read(connection, where, 1000) == ([], [])


async def test_an_aborted_transaction_alone_moves_the_position(
    connection: Settings, where: TopicPartition
):
    async with Writer(connection, where, "zstd", "aborted") as writer:
        await writer.producer.begin_transaction()
        await writer.write(5, "never")
        await writer.producer.abort_transaction()

    assert (await _read(connection, where, 0))[1][-1] == (0, 6)


async def test_reading_fails_where_the_next_records_are_deleted_meanwhile_and_can_go_on(
    connection: Settings,
    filled: TopicPartition,
    admin: AIOKafkaAdminClient,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(topic_reader, "FETCH_BYTES", 1)
    reading = read_to_end(connection, filled, 0)
    position = (await anext(reading)).position
    await admin.delete_records({filled: RecordsToDelete(before_offset=1400)})

    with pytest.raises(OffsetOutOfRangeError, match=filled.topic):
        _ = [batch async for batch in reading]

    await _agree(connection, filled, (position,))


async def test_a_topic_that_is_not_there_is_an_error_of_kafka(connection: Settings, prefix: str):
    with pytest.raises(KafkaError):
        await _read(connection, TopicPartition(f"{prefix}.none", 0), 0)


async def test_other_tasks_have_their_turn(connection: Settings, filled: TopicPartition):
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    async for _ in read_to_end(connection, filled, 0):
        assert turns
        turns = 0
    counting.cancel()


@pytest.mark.slow
async def test_gaps_that_compaction_leaves_are_passed_over(connection: Settings, prefix: str):
    where = _topic(connection, f"{prefix}.compacted", **AT_ONCE)
    await _fill(connection, where)
    written, _ = await _consumed(connection, where, 0)
    deadline = time.monotonic() + COMPACTED_SECONDS
    left = written
    while len(left) > len(written) / 2:
        assert time.monotonic() < deadline, "nothing was compacted"
        await asyncio.sleep(2)
        # A segment is closed, and so can be compacted, when something is written after its time.
        async with Writer(connection, where, None) as writer:
            await writer.write(1, "later")
        left, _ = await _consumed(connection, where, 0)

    await _agree(connection, where, (0, 1000))


@pytest.fixture
async def admin(connection: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(**connection.aiokafka_options())
    await client.start()
    yield client
    await client.close()
