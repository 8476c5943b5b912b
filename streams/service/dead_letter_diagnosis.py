"""How many refused documents lie in their topic."""

from __future__ import annotations

from collections.abc import Iterator

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

from streams.kafka.offsets import offsets_at
from streams.service.diagnosed import Diagnosis
from streams.service.layout import names_of
from streams.service.settings import Settings


def diagnose_dead_letters(client: KafkaAdminClient, settings: Settings) -> Iterator[Diagnosis]:
    """What the topic of refused documents holds, notes on those that were sent again among it."""
    topic = names_of(settings).dead_letters
    numbers = range(len(client.describe_topics([topic])[0]["partitions"]))
    partitions = [TopicPartition(topic, number) for number in numbers]
    first, ends = (
        offsets_at(client, partitions, spec) for spec in (OffsetSpec.EARLIEST, OffsetSpec.LATEST)
    )
    count = sum(ends.values()) - sum(first.values())
    if count:
        yield Diagnosis(
            "note",
            f"{count:,} records lie in {topic}",
            "`zeromile dead-letters list` says why they were refused",
        )
    else:
        yield Diagnosis("ok", "no dead letter")
