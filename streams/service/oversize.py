"""Records that are larger than a broker takes, put aside so that the others go on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from aiokafka.structs import TopicPartition

from streams import __version__
from streams.kafka.dead_letters import MAXIMUM_BYTES, Refusal, Source, dead_letter
from streams.kafka.transaction_buffer import Entry

REASON: Final = "too_large_to_write"


def take_oversize(
    entries: dict[TopicPartition, list[Entry]],
) -> list[tuple[TopicPartition, Entry]]:
    """Take out what no broker of default settings takes; smaller ones stay, whatever the reason is."""
    return [take_out(entries, where, entry) for where, entry in list(_oversize(entries))]


def take_out(
    entries: dict[TopicPartition, list[Entry]], where: TopicPartition, entry: Entry
) -> tuple[TopicPartition, Entry]:
    """Take out one record, and say again which."""
    entries[where].remove(entry)
    if not entries[where]:
        del entries[where]
    return where, entry


def _oversize(
    entries: dict[TopicPartition, list[Entry]],
) -> Iterator[tuple[TopicPartition, Entry]]:
    for where, records in entries.items():
        for entry in records:
            key, value, headers = entry
            size = len(key or b"") + len(value or b"")
            size += sum(len(name) + len(data or b"") for name, data in headers)
            if size > MAXIMUM_BYTES:
                yield where, entry


def letter_of_entry(where: TopicPartition, entry: Entry) -> Entry:
    """The dead letter of a record that could not be written."""
    said = f"a record for {where.topic} is larger than the broker takes; allowed: {MAXIMUM_BYTES} bytes"
    refusal = Refusal(REASON, said, "write", datetime.now(UTC).isoformat())
    # It never had an offset: -1 keeps it apart from what was read.
    return dead_letter(Source(where.topic, where.partition, -1, -1), refusal, entry, __version__)
