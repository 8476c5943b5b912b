"""How far a group has read, and what its topics still hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec

Offsets = dict[TopicPartition, int]


def offsets_at(client: KafkaAdminClient, places: Iterable[TopicPartition], spec: OffsetSpec) -> Offsets:
    """First or next offset of partitions."""
    found = client.list_partition_offsets(dict.fromkeys(places, spec))
    return {where: entry.offset for where, entry in found.items()}


def read_by(client: KafkaAdminClient, group: str, places: Iterable[TopicPartition]) -> Offsets:
    """How far a group has read; partitions of which it has read nothing may lack."""
    asked = list(places)
    committed = client.list_group_offsets({group: asked})[group]
    return {where: max(0, committed[where].offset) for where in asked if where in committed}


def deleted_unread(read: Mapping[TopicPartition, int], first: Mapping[TopicPartition, int]) -> int:
    """Records that were deleted before a group that has begun to read came to them."""
    return sum(max(0, first[where] - offset) for where, offset in read.items() if offset)
