"""What no broker takes is set aside, and the rest of its transaction is written."""

from __future__ import annotations

from aiokafka.errors import MessageSizeTooLargeError, TopicAuthorizationFailedError
from aiokafka.structs import TopicPartition

from detectors.registry import Catalogue
from streams.kafka.dead_letters import MAXIMUM_BYTES, DeadLetter
from streams.kafka.partition_writer import PartitionWriter, WriteFailedError
from streams.kafka.transaction_buffer import Entry
from streams.service import transactions as module
from streams.service.transactions import Transactions
from streams.setup.policy import load_policy
from tests.service.partitions import make_partition

LARGE = b"v" * (MAXIMUM_BYTES + 1)
WHERE = TopicPartition("t.vehicles-changelog.v1", 1)
OTHER = TopicPartition("t.alerts.v1", 0)


async def test_a_record_that_is_too_large_is_set_aside_after_some_attempts(monkeypatch):
    partition = make_partition(Catalogue(load_policy()))
    writing: Transactions = partition.writing.transactions
    tried: list[dict[TopicPartition, list[Entry]]] = []

    async def write(_: PartitionWriter, entries: dict[TopicPartition, list[Entry]]):
        tried.append({where: list(records) for where, records in entries.items()})
        if any(value == LARGE for records in entries.values() for _, value, _ in records):
            raise WriteFailedError("no") from MessageSizeTooLargeError("too large")
        return dict.fromkeys([*entries, WHERE], 7)

    async def nothing(_: object) -> None:
        return None

    monkeypatch.setattr(PartitionWriter, "write", write)
    monkeypatch.setattr(writing, "_look_up_commit", nothing)
    monkeypatch.setattr(module.asyncio, "sleep", nothing)
    entries: dict[TopicPartition, list[Entry]] = {
        WHERE: [(b"A", b"small", []), (b"B", LARGE, [])], OTHER: [(b"id", LARGE, [])],
    }  # fmt: skip
    assert await writing.commit(entries, 0) == 7
    assert len(tried) == module.ATTEMPTS + 1
    last = tried[-1]
    assert next((key, value) for key, value, _ in last[WHERE]) == (b"A", b"small")
    assert OTHER not in last
    letters = [
        DeadLetter(1, 0, *entry) for where, found in last.items() for entry in found
        if where.topic.endswith("dead-letters.v1")
    ]  # fmt: skip
    assert {letter.about("original.topic") for letter in letters} == {WHERE.topic, OTHER.topic}
    assert all(letter.cut and letter.about("stage") == "write" for letter in letters)


def test_what_people_must_change_is_told_from_what_passes():
    failed = WriteFailedError("no")
    assert not failed.permanent
    failed.__cause__ = TopicAuthorizationFailedError("no")
    assert failed.permanent
    assert not failed.too_large
