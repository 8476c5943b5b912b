"""Turns what an engine says into records for Kafka."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from aiokafka.structs import ConsumerRecord

from detectors.alerts import Alert
from detectors.exports import ExportChange
from streams import __version__
from streams.engine.results import RefusedDocument
from streams.kafka.cloud_events import headers_of
from streams.kafka.dead_letters import Refusal, Source, dead_letter
from streams.kafka.topics import TopicNames
from streams.kafka.transaction_buffer import TransactionBuffer

_encode_alert = msgspec.json.Encoder().encode


def alert_partition(alert_id: str, partitions: int) -> int:
    """Partition of an alert; the id is a digest, so any part of it spreads evenly."""
    return int(alert_id[:8], 16) % partitions


def add_alerts(
    outbox: TransactionBuffer, names: TopicNames, partitions: int, alerts: Sequence[Alert]
) -> None:
    """Add one record per alert change, in order, with the headers of a CloudEvent."""
    for alert in alerts:
        where = alert_partition(alert.alert_id, partitions)
        key, value = alert.alert_id.encode(), _encode_alert(alert)
        outbox.add(names.alerts, where, key, value, headers_of(alert))


def add_exports(outbox: TransactionBuffer, names: TopicNames, changes: Sequence[ExportChange]) -> None:
    """Add the export that each changed vehicle counts for now, or its withdrawal."""
    for change in changes:
        value = None if change.after is None else msgspec.msgpack.encode(change.after)
        outbox.add(names.province_exports, 0, change.vin.encode(), value)


def add_dead_letters(
    outbox: TransactionBuffer,
    names: TopicNames,
    letters: Sequence[RefusedDocument],
    records: Mapping[int, ConsumerRecord],
) -> None:
    """Add refused documents, with the bytes of the records they came from.

    Parameters
    ----------
    records
        The batch by offset.
    """
    failed_at = datetime.now(UTC).isoformat()
    for letter in letters:
        position = letter.document.position
        assert position is not None  # noqa: S101 - everything read from Kafka has one
        record = records[position.offset]
        source = Source(record.topic, record.partition, record.offset, record.timestamp)
        refusal = Refusal(letter.error.reason, str(letter.error), "decode", failed_at)
        read = record.key, record.value, record.headers
        outbox.add(
            names.dead_letters, record.partition, *dead_letter(source, refusal, read, __version__)
        )
