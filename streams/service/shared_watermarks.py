"""Watermarks that all partitions of all workers share, through a small compacted topic.

Deadline rules ask how far a feed has come in the whole country, not in one partition. Every
worker writes the newest days it knows of, in the transaction of the documents that
showed it, and follows what the others write. A partition has one record, and its days only ever
grow: its owner began from what the changelog of the partition says. Two more records say where the
worker that counts the provinces can be asked, and under which identity key the workers work.
"""

from __future__ import annotations

import re
from contextlib import aclosing
from typing import Final

import msgspec
from aiokafka.structs import ConsumerRecord, TopicPartition
from mode import Service
from prometheus_client import Gauge

from detectors import civil_time
from detectors.documents import EventType
from detectors.watermarks import NewestDays, Watermarks
from streams.kafka.connection import KafkaConnection
from streams.kafka.following import follow
from streams.service.identity_check import IDENTITIES_KEY, compare_fingerprints

SHOW_SECONDS = 1.0
MOST_SOURCES = 100
OTHER = "other"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._:/-]{1,60}")


NEWEST_KEY: Final = b"\x00newest"
"""Key of the newest days in a partition's changelog; no VIN begins with a zero byte."""


DESK_KEY: Final = b"desk"
"""Key of the URL at which the owner of the provinces' counts answers."""


class _NewestDay(msgspec.Struct, frozen=True, array_like=True):
    event_type: EventType
    source: str
    day: int


_decoder = msgspec.msgpack.Decoder(list[_NewestDay])


def encode_newest(newest: NewestDays) -> bytes:
    """Write the newest civil day of every source."""
    return msgspec.msgpack.encode([_NewestDay(*key, day) for key, day in newest.items()])


def decode_newest(data: bytes) -> NewestDays:
    """Read them back."""
    return {(entry.event_type, entry.source): entry.day for entry in _decoder.decode(data)}


def show_watermarks(gauge: Gauge, watermarks: Watermarks) -> None:
    """Show how far each source is complete, in seconds since 1970.

    Documents name their sources, so only plain names become labels, and no more than
    `MOST_SOURCES`; the others are shown together, as far as the least of them.
    """
    shown: dict[tuple[EventType, str], int] = {}
    for (event_type, source), day in sorted(watermarks.complete_by_source().items()):
        plain = _PLAIN_NAME.fullmatch(source) is not None and len(shown) < MOST_SOURCES
        key = (event_type, source if plain else OTHER)
        shown[key] = min(day, shown.get(key, day))
    for (event_type, name), day in shown.items():
        gauge.labels(event_type, name).set(civil_time.epoch_seconds(day))


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
    gauge
        Where they are shown, by feed and source.
    identities
        Fingerprint of this worker's identity key; a worker of another one ends the service.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        topic: str,
        watermarks: Watermarks,
        gauge: Gauge,
        identities: bytes,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type] # options of mode's Service
        self.watermarks = watermarks
        self.caught_up = False
        self.desk_url: str | None = None
        """Where the worker that counts the provinces answers, as it said last."""
        self._connection = connection
        self._topic = topic
        self._gauge = gauge
        self._identities = identities

    @Service.task
    async def _follow(self) -> None:
        where = TopicPartition(self._topic, 0)
        async with aclosing(follow(self._connection, where)) as news:
            async for new in news:
                for record in new.records:
                    self._take(record)
                self.caught_up = self.caught_up or new.caught_up

    @Service.task
    async def _show(self) -> None:
        while not self.should_stop:
            show_watermarks(self._gauge, self.watermarks)
            await self.sleep(SHOW_SECONDS)

    def _take(self, record: ConsumerRecord) -> None:
        if record.key == DESK_KEY:
            self.desk_url = record.value.decode()
        elif record.key == IDENTITIES_KEY:
            compare_fingerprints(self._identities, record.value)
        else:
            self.watermarks.reach_all(decode_newest(record.value))
