"""Who owns a vehicle's partition: read from the signature under the last transaction."""

from __future__ import annotations

from kafka import KafkaConsumer, TopicPartition
from kafka.partitioner.default import murmur2

from streams.kafka.markers import MARKER_KEY, Marker, decode_marker
from streams.kafka.reading import POLL_MS, partitions_of

LOOK_BACK = 100
POSITIVE = 0x7FFFFFFF


def partition_of_vin(vin: str, partitions: int) -> int:
    """Partition that Kafka's own clients choose for the key."""
    return int((murmur2(vin.encode()) & POSITIVE) % partitions)


def find_owner(consumer: KafkaConsumer, changelog: str, vin: str) -> tuple[int, Marker | None]:
    """Partition of a vehicle and the last signature in its changelog, None if there is none."""
    number = partition_of_vin(vin, len(partitions_of(consumer, changelog)))
    where = TopicPartition(changelog, number)
    return number, last_marker(consumer, where)


def last_marker(consumer: KafkaConsumer, where: TopicPartition) -> Marker | None:
    """The last signature in a partition of the changelog, None if there is none."""
    consumer.assign([where])
    end = consumer.end_offsets([where])[where]
    start, marker = end, None
    # The signature is written last, so it is nearly always among the last few records.
    while marker is None and start > 0:
        end, start = start, max(0, start - LOOK_BACK)
        marker = _last_marker(consumer, where, start, end)
    return marker


def _last_marker(consumer: KafkaConsumer, where: TopicPartition, start: int, end: int) -> Marker | None:
    consumer.seek(where, start)
    marker = None
    while consumer.position(where) < end:
        for record in consumer.poll(timeout_ms=POLL_MS).get(where, []):
            if record.key == MARKER_KEY:
                marker = decode_marker(record.value)
    return marker
