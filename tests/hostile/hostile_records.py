"""Records that nobody should send, and what sends them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from kafka import KafkaProducer

from streams.kafka.blocking_clients import opened
from streams.kafka.connection import KafkaConnection


class AnyBytes(str):
    """The name of a header that is no UTF-8: kafka-python encodes what it is given."""

    raw: bytes

    def __new__(cls, raw: bytes) -> AnyBytes:
        made = super().__new__(cls, raw.decode("latin-1"))
        made.raw = raw
        return made

    def encode(self, *_: str, **__: str) -> bytes:
        return self.raw


class HostileRecord(NamedTuple):
    """A record, as it is sent."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    timestamp_ms: int | None = None
    topic: int = 0
    """Which of the document topics."""
    partition: int | None = None


def registration(vin: str, day: str, **fields: object) -> bytes:
    """A registration; `fields` win."""
    document = {
        "event_id": f"{vin}-{day}", "source": "registry", "event_type": "registration",
        "kind": "initial", "vin": vin, "occurred_at": day, "owner_id": f"owner-{vin}",
    } | fields  # fmt: skip
    return json.dumps(document).encode()


Send = Callable[[Iterable[HostileRecord]], None]


@contextmanager
def sending(connection: KafkaConnection, topics: tuple[str, ...]) -> Iterator[Send]:
    """A producer that stays open, and sees that the broker takes each record."""
    with opened(
        KafkaProducer, connection, acks="all", max_request_size=8 * 1024 * 1024,
        batch_size=64 * 1024, linger_ms=0,
    ) as producer:  # fmt: skip

        def send_all(records: Iterable[HostileRecord]) -> None:
            sent = [
                producer.send(
                    topics[record.topic], key=record.key, value=record.value,
                    headers=list(record.headers), timestamp_ms=record.timestamp_ms,
                    partition=record.partition,
                )
                for record in records
            ]  # fmt: skip
            for future in sent:
                future.get(timeout=30)

        yield send_all


def send(
    connection: KafkaConnection, topics: tuple[str, ...], records: Iterable[HostileRecord]
) -> None:
    """Send some records and see that the broker took each."""
    with sending(connection, topics) as send_all:
        send_all(records)
