"""Watermarks that all partitions of all workers share, through a small compacted topic.

Deadline rules ask how far a feed has come in the whole country, not in one partition. Every
worker writes the newest day it has seen of a source, in the transaction of the documents that
showed it, and follows what the others write. Days only ever grow, so order does not matter.
"""

from __future__ import annotations

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition
from mode import Service

from detectors.documents import EventType
from detectors.watermarks import Watermarks
from streams.kafka.connection import KafkaConnection
from streams.kafka.outbox import Outbox

POLL_MS = 500
RETRY_SECONDS = 1.0


class NewestDay(msgspec.Struct, frozen=True, array_like=True):
    """Value of a record: a source's newest civil day (proleptic ordinal) in one feed."""

    event_type: EventType
    source: str
    day: int


class SharedWatermarks(Service):
    """Keeps `watermarks` up to what every worker has seen.

    Parameters
    ----------
    connection
        Where Kafka is.
    topic
        The compacted topic, one partition.
    watermarks
        The object that the engines of this worker read and write.
    """

    def __init__(
        self, connection: KafkaConnection, topic: str, watermarks: Watermarks, **kwargs: object
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type] # options of mode's Service
        self.watermarks = watermarks
        self.caught_up = False
        self._connection = connection
        self._topic = topic
        self._written: dict[tuple[EventType, str], int] = {}

    def add_news(self, outbox: Outbox) -> None:
        """Add what the topic does not hold yet; it may be added twice, days only grow."""
        for (event_type, source), day in self.watermarks.newest.items():
            if day > self._written.get((event_type, source), 0):
                self._written[event_type, source] = day
                value = msgspec.msgpack.encode(NewestDay(event_type, source, day))
                outbox.add(self._topic, 0, f"{event_type}/{source}".encode(), value)

    def forget_written(self) -> None:
        """Write all days again next time: a transaction that held some was given up."""
        self._written.clear()

    @Service.task
    async def _follow(self) -> None:
        while not self.should_stop:
            try:
                await self._read()
            except (KafkaError, OSError) as error:
                self.log.warning("watermark topic cannot be read: %s; trying again", error)
                await self.sleep(RETRY_SECONDS)

    async def _read(self) -> None:
        where = TopicPartition(self._topic, 0)
        consumer = AIOKafkaConsumer(
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_max_wait_ms=POLL_MS,
            **self._connection.aiokafka_options(),
        )
        await consumer.start()
        try:
            consumer.assign([where])
            await consumer.seek_to_beginning(where)
            end = (await consumer.end_offsets([where]))[where]
            while not self.should_stop:
                found = await consumer.getmany(where, timeout_ms=POLL_MS)
                for record in found.get(where, []):
                    self._take(record)
                self.caught_up = self.caught_up or await consumer.position(where) >= end
        finally:
            await consumer.stop()

    def _take(self, record: ConsumerRecord) -> None:
        news = msgspec.msgpack.decode(record.value, type=NewestDay)
        self.watermarks.reach(news.event_type, news.source, news.day)
        key = (news.event_type, news.source)
        self._written[key] = max(news.day, self._written.get(key, 0))
