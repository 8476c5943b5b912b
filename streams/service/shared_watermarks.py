"""Watermarks that all partitions of all workers share, through a small compacted topic.

Deadline rules ask how far a feed has come in the whole country, not in one partition. Every
worker writes what has moved since it wrote last, in the transaction of the documents that
showed it, and follows what the others write. A partition has one record for each source, in this topic
and in its changelog, and its day only ever grows, unless a person lowers it. Two more records say where
the worker that counts the provinces can be asked, and under which identity key the workers work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import aclosing
from typing import Final, NamedTuple

import msgspec
import structlog
from aiokafka.structs import ConsumerRecord, TopicPartition
from mode import Service
from prometheus_client import Counter, Gauge

from detectors.documents import EventType
from detectors.watermarks import Watermarks
from streams.kafka.connection import KafkaConnection
from streams.kafka.following import follow
from streams.service.identity_check import IDENTITIES_KEY, compare_fingerprints
from streams.service.state_ttl import Forgetting
from streams.service.terms import TERMS_KEY, OtherTermsError, Terms, decode_terms

log = structlog.get_logger("zeromile.watermarks")

SHOW_SECONDS = 1.0
MOST_SHOWN = 100
MOST_DIGITS = 7
"""A province's code has six, a VIN and the number of an identity card have more."""
OTHER = "other"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._:/-]{1,60}")


NEWEST_KEY: Final = b"\x00newest"
"""First part of the key of a source's newest day in a partition's changelog; no VIN begins with a zero
byte. Programs before this one wrote all sources under this key alone."""
LOWERED_KEY: Final = b"lowered"
"""First part of the key under which a person takes a source back, in the topic of the watermarks."""

FORGET_KEY: Final = b"forget before"
"""Key of the civil day before which a person lets vehicles go, however many they are."""
DESK_KEY: Final = b"desk"
"""Key of the URL at which the owner of the provinces' counts answers."""


class _NewestDay(msgspec.Struct, frozen=True, array_like=True):
    event_type: EventType
    source: str
    day: int
    lowered: int = 0
    """How often the source had been lowered when it stood there."""


_decoder = msgspec.msgpack.Decoder(list[_NewestDay])


class SourceProgress(NamedTuple):
    """How far one source has come."""

    event_type: EventType
    source: str
    day: int
    lowered: int = 0

    def key(self, first: bytes) -> bytes:
        """Key of its record."""
        return b"/".join((first, self.event_type.encode(), self.source.encode("utf-8", "replace")))


def encode_newest(*progress: SourceProgress) -> bytes:
    """Write the newest civil day of sources."""
    return msgspec.msgpack.encode([_NewestDay(*one) for one in progress])


def reach_newest(watermarks: Watermarks, data: bytes) -> None:
    """Take over what `encode_newest` wrote.

    Raises
    ------
    msgspec.MsgspecError
        If the bytes are nothing of the kind.
    """
    for one in _decoder.decode(data):
        watermarks.reach(one.event_type, one.source, one.day, one.lowered)


def progress_of(watermarks: Watermarks) -> Iterator[SourceProgress]:
    """All that is known of all sources."""
    for key, day in watermarks.newest.items():
        yield SourceProgress(*key, day, watermarks.lowered[key])


def show_watermarks(gauge: Gauge, watermarks: Watermarks) -> None:
    """Show how far each source is complete, in seconds since 1970.

    Documents name their sources, so only plain names become labels, none with as many digits as number
    a person or a car, and no more than `MOST_SHOWN`; the others are shown together, as far as the least
    of them.
    """
    shown: dict[tuple[EventType, str], int] = {}
    for (event_type, source), day in sorted(watermarks.complete_by_source().items()):
        plain = _is_plain(source) and len(shown) < MOST_SHOWN
        key = (event_type, source if plain else OTHER)
        shown[key] = min(day, shown.get(key, day))
    gauge.clear()
    for (event_type, name), day in shown.items():
        gauge.labels(event_type, name).set(watermarks.country.start_of_day(day))


def _is_plain(source: str) -> bool:
    digits = sum(character.isdigit() for character in source)
    return _PLAIN_NAME.fullmatch(source) is not None and digits <= MOST_DIGITS


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
    unreadable
        Counts records that cannot be read, by topic.
    identities
        Fingerprint of this worker's identity key; a worker of another one ends the service.
    forgetting
        Is told when the watermarks of all are known, and what a person allows.
    terms
        By what this worker judges; one that begins to judge otherwise beside it ends the service.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        topic: str,
        watermarks: Watermarks,
        *,
        gauge: Gauge,
        unreadable: Counter,
        identities: bytes,
        forgetting: Forgetting,
        terms: Terms,
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
        self._unreadable = unreadable
        self._identities = identities
        self._forgetting = forgetting
        self._terms = terms

    @Service.task
    async def _follow(self) -> None:
        where = TopicPartition(self._topic, 0)
        async with aclosing(follow(self._connection, where)) as news:
            async for new in news:
                for record in new.records:
                    self._take(record)
                self.caught_up = self.caught_up or new.caught_up
                self._forgetting.watermarks_known = self.caught_up

    @Service.task
    async def _show(self) -> None:
        while not self.should_stop:
            show_watermarks(self._gauge, self.watermarks)
            await self.sleep(SHOW_SECONDS)

    def _take(self, record: ConsumerRecord) -> None:
        """Take over a record; one that cannot be read is passed over, and said."""
        try:
            self._read(record.key, record.value)
        except (msgspec.MsgspecError, ValueError, TypeError, AttributeError) as error:
            self._unreadable.labels(record.topic).inc()
            log.error(  # noqa: TRY400 - the place says more than the traceback
                "record cannot be read",
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                error=str(error),
            )

    def _read(self, key: bytes, value: bytes) -> None:
        if key == DESK_KEY:
            self.desk_url = value.decode()
        elif key == IDENTITIES_KEY:
            compare_fingerprints(self._identities, value)
        elif key == TERMS_KEY:
            self._compare(decode_terms(value))
        elif key == FORGET_KEY:
            self._forgetting.allowed_before = int(value)
        else:
            reach_newest(self.watermarks, value)

    def _compare(self, others: Terms) -> None:
        """Do not judge beside a worker that judges otherwise; what was said before is history."""
        ours = self._terms
        difference = ours.difference(others)
        if self.caught_up and others.owner != ours.owner and difference is not None:
            raise OtherTermsError(f"another worker of the group judges by {difference}")
