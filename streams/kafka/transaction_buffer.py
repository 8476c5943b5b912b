"""What a partition wants written, collected until the next transaction."""

from __future__ import annotations

from collections.abc import Iterable

from aiokafka.structs import TopicPartition

Headers = list[tuple[str, bytes | None]]
Entry = tuple[bytes | None, bytes | None, Headers]
"""Key, value (None deletes the key in a compacted topic) and headers."""


class TransactionBuffer:
    """Records by topic and partition, in the order in which they were added."""

    def __init__(self) -> None:
        self._entries: dict[TopicPartition, list[Entry]] = {}

    def __bool__(self) -> bool:
        return bool(self._entries)

    def add(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
    ) -> None:
        """Add one record."""
        self._entries.setdefault(TopicPartition(topic, partition), []).append(
            (key, value, headers or [])
        )

    def extend(self, topic: str, partition: int, entries: Iterable[Entry]) -> None:
        """Add many records of one topic and partition."""
        self._entries.setdefault(TopicPartition(topic, partition), []).extend(entries)

    def take(self) -> dict[TopicPartition, list[Entry]]:
        """Empty the box and return what was in it."""
        taken, self._entries = self._entries, {}
        return taken
