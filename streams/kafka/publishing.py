"""Put recorded streams onto the document topics, each document under its VIN."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaTimeoutError

from detectors.country import CHINA, Country
from detectors.decoding import decoder_of
from detectors.documents import EVENT_TYPES
from detectors.errors import DocumentError
from streams.engine.vin_corrections import VinCorrections, withdrawn_line
from streams.kafka.blocking_clients import open_client
from streams.kafka.connection import KafkaConnection
from streams.kafka.topics import TopicNames

LINGER_MS = 20
BATCH_BYTES = 256 * 1024
REQUEST_BYTES = 4 * 1024 * 1024
REPORT_SECONDS = 30.0


class Outgoing(NamedTuple):
    """A record to publish."""

    topic: str
    key: bytes | None
    value: bytes
    event_time: float | None
    """Seconds since 1970 at which the source wrote the document, for `--speed`."""


class Router:
    """Decides topic and key of every line, and splits amendments that change the VIN.

    Lines that are no documents are published as they are: the service refuses them, visibly.

    Parameters
    ----------
    names
        The topics.
    country
        Whose documents they are.
    """

    def __init__(self, names: TopicNames, country: Country = CHINA) -> None:
        self._names = names
        self._country = country
        self._decode = decoder_of(country)
        self._corrections = VinCorrections()
        self.split = 0
        self.read = 0
        self.refused = 0
        """Lines that the service will refuse."""
        self.refusal: DocumentError | None = None
        """Why the latest of them."""

    def route(self, line: bytes) -> Iterator[Outgoing]:
        """Records for a line: the document, and the withdrawals that it makes necessary."""
        self.read += 1
        try:
            document = self._decode(line)
        except DocumentError as error:
            self.refused, self.refusal = self.refused + 1, error
            yield self._unreadable(line)
            return
        topic = self._names.documents_of(document.event_type)
        when = self._country.start_of_day(document.recorded_day or document.day)
        for withdrawal in self._corrections.withdrawals(document):
            self.split += 1
            value = withdrawn_line(line, withdrawal)
            yield Outgoing(topic, withdrawal.vin.encode(), value, when)
        yield Outgoing(topic, document.vin.encode(), line, when)

    def _unreadable(self, line: bytes) -> Outgoing:
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            fields = None
        fields = fields if isinstance(fields, dict) else {}
        event_type, vin = fields.get("event_type"), fields.get("vin")
        kind = event_type if event_type in EVENT_TYPES else EVENT_TYPES[0]
        key = vin.strip().upper().encode("utf-8", "replace") if isinstance(vin, str) else None
        return Outgoing(self._names.documents_of(kind), key, line, None)


class Publisher:
    """kafka-python's producer, counting what was confirmed and what failed.

    Parameters
    ----------
    connection
        Where Kafka is.
    report
        Told of the first failure as soon as it happens, and every half minute how many there are.
    """

    def __init__(
        self, connection: KafkaConnection, report: Callable[[str], None] = lambda _: None
    ) -> None:
        self._report = report
        self._reported_at: float | None = None
        self.failed: Counter[str] = Counter()
        self.published = 0
        self._producer = open_client(
            KafkaProducer,
            connection,
            acks="all",
            linger_ms=LINGER_MS,
            batch_size=BATCH_BYTES,
            max_request_size=REQUEST_BYTES,
            compression_type="zstd",
        )

    def publish(self, records: Iterable[Outgoing]) -> None:
        """Hand records over; a failure is counted when the broker reports it."""
        for record in records:
            future = self._producer.send(record.topic, key=record.key, value=record.value)
            future.add_errback(self._count_failure)
            self.published += 1

    def _count_failure(self, error: Exception) -> None:
        self.failed[type(error).__name__] += 1
        now = time.monotonic()
        if self._reported_at is None or now - self._reported_at >= REPORT_SECONDS:
            self._reported_at = now
            count = self.failed.total()
            documents = "a document was" if count == 1 else f"{count:,} documents were"
            self._report(f"{documents} not taken by the broker: {type(error).__name__}: {error}")

    def confirmed(self, seconds: float | None = None) -> bool:
        """Wait until everything is confirmed or has failed; whether all of it is confirmed.

        Parameters
        ----------
        seconds
            How long to wait for the broker; None for as long as it takes.
        """
        try:
            self._producer.flush(seconds)
        except KafkaTimeoutError:
            return False
        return not self.failed

    def close(self, seconds: float | None = None) -> bool:
        """Wait as `confirmed` does, with the same answer, and let go of the producer."""
        done = self.confirmed(seconds)
        with suppress(KafkaTimeoutError):
            self._producer.close(seconds)
        return done
