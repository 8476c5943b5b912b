"""Two owners of one partition at once: a worker that was paused too long, and its successor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from prometheus_client import Metric

from detectors.decoding import decode
from detectors.registry import Catalogue
from detectors.watermarks import Watermarks
from streams.kafka import patience
from streams.kafka.topic_reader import Fetched, read_to_end
from streams.service import recovery
from streams.service.identity_check import IN_CLEAR
from streams.service.metrics import Metrics
from streams.service.observer import Observer
from streams.service.owned_partition import OwnedPartition
from streams.service.partition_context import PartitionContext
from streams.service.partition_store import MemoryBackend, PartitionStore
from streams.service.state_ttl import Forgetting
from streams.service.transactions import LostPartitionError
from streams.setup.policy import load_policy
from streams.state import record as records
from tests.broker.deployment import Deployment

pytestmark = pytest.mark.broker

VIN = "LSVTEST0000000001"


class Event:
    """Counts acknowledgements as Faust's event would."""

    def __init__(self) -> None:
        self.acked = False

    def ack(self) -> bool:
        self.acked = True
        return True


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Deployment:
    return Deployment(bootstrap_servers, prefix, tmp_path, partitions=1)


def _partition(deployment: Deployment, owner: str, group: str = "same") -> OwnedPartition:
    catalogue, metrics, names = Catalogue(load_policy(None)), Metrics(), deployment.names
    topic = names.documents[0]
    surroundings = PartitionContext(
        connection=deployment.settings,
        names=names,
        group=f"{deployment.settings.group}-{group}",
        partitions=1,
        owner=owner,
        url="http://127.0.0.1:1",
        flush_seconds=0.05,
        forgetting=Forgetting(1096),
        decode=decode,
        identities=IN_CLEAR,
        catalogue=catalogue,
        watermarks=Watermarks(catalogue.policy.watermarks),
        metrics=metrics,
        observer=Observer(metrics, {topic: "registration"}, 10),
    )
    return OwnedPartition(0, PartitionStore(MemoryBackend()), surroundings)


def _records(deployment: Deployment, *numbers: int) -> list[SimpleNamespace]:
    return [
        SimpleNamespace(
            topic=deployment.names.documents[0], partition=0, offset=number, timestamp=0,
            key=VIN.encode(), headers=(),
            value=json.dumps({
                "event_id": f"e{number}", "source": "s", "event_type": "registration",
                "kind": "transfer", "vin": VIN, "occurred_at": f"2025-01-{number + 1:02d}",
            }).encode(),
        )
        for number in numbers
    ]  # fmt: skip


async def _started(partition: OwnedPartition) -> asyncio.Task[None]:
    task = asyncio.create_task(partition.run(lambda _: None))
    await asyncio.wait_for(partition.ready.wait(), 30)
    await partition.writing.settle()
    return task


async def _process(deployment: Deployment, partition: OwnedPartition, *numbers: int) -> Event:
    event = Event()
    partition.process(_records(deployment, *numbers), event)
    await partition.writing.settle()
    return event


def _documents_in_changelog(deployment: Deployment) -> set[str]:
    data = [
        record.value
        for record in deployment.read_all(deployment.names.vehicles)
        if record.key == VIN.encode()
    ]
    return {filed.document.event_id for filed in records.decode(data[-1]).filed}


async def _end(*owners: tuple[asyncio.Task[None], OwnedPartition]) -> None:
    for task, partition in owners:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await partition.close()


async def test_a_former_owner_cannot_overwrite_its_successor(deployment: Deployment):
    old, new = _partition(deployment, "old"), _partition(deployment, "new")
    old_task = await _started(old)
    assert (await _process(deployment, old, 0)).acked
    new_task = await _started(new)
    assert (await _process(deployment, new, 0, 1)).acked

    late = await _process(deployment, old, 2)

    with pytest.raises(LostPartitionError):
        await asyncio.wait_for(old_task, 30)
    assert not late.acked, "the documents come again to the new owner"
    assert _documents_in_changelog(deployment) == {"e0", "e1"}
    await _end((new_task, new), (old_task, old))


async def test_settling_during_a_transaction_waits_for_it_and_starts_no_other(deployment: Deployment):
    partition = _partition(deployment, "only")
    task = await _started(partition)
    written = partition.around.metrics.transaction_seconds.collect
    before = _count(written)
    event = Event()
    partition.process(_records(deployment, 0), event)
    async with asyncio.timeout(10):
        while not partition.writing.in_transaction:  # noqa: ASYNC110 - an event would change what is tested
            await asyncio.sleep(0)
        await partition.writing.settle()

    assert event.acked
    assert _count(written) == before + 1
    await _end((task, partition))


def _count(collect: Callable[[], Iterable[Metric]]) -> float:
    [count] = [s.value for m in collect() for s in m.samples if s.name.endswith("_count")]
    return count


async def test_without_fencing_the_successors_documents_would_be_lost(deployment: Deployment):
    """Why the transactions: the same story with writers that do not fence each other."""
    old, new = _partition(deployment, "old", "one"), _partition(deployment, "new", "other")
    old_task = await _started(old)
    await _process(deployment, old, 0)
    new_task = await _started(new)
    await _process(deployment, new, 0, 1)

    await _process(deployment, old, 2)

    assert _documents_in_changelog(deployment) == {"e0", "e2"}, "e1 is gone from the state"
    await _end((new_task, new), (old_task, old))


async def test_an_uncertain_commit_is_looked_up_not_repeated(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
):
    partition = _partition(deployment, "one")
    task = await _started(partition)
    from streams.kafka.partition_writer import PartitionWriter, WriteFailedError  # noqa: PLC0415

    write, answers = PartitionWriter.write, []

    async def lose_the_answer(self: PartitionWriter, entries: object) -> object:
        answers.append(await write(self, entries))  # type: ignore[arg-type]
        raise WriteFailedError("the broker committed, but its answer was lost")

    monkeypatch.setattr(PartitionWriter, "write", lose_the_answer)
    event = await _process(deployment, partition, 0)

    assert event.acked
    assert len(answers) == 1
    assert partition.around.metrics.transaction_failures._value.get() == 1
    await _end((task, partition))


async def test_what_was_not_committed_is_written_again(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
):
    partition = _partition(deployment, "one")
    task = await _started(partition)
    from streams.kafka.partition_writer import PartitionWriter, WriteFailedError  # noqa: PLC0415

    write, attempts = PartitionWriter.write, []

    async def fail_once(self: PartitionWriter, entries: object) -> object:
        attempts.append(1)
        if len(attempts) == 1:
            raise WriteFailedError("the broker went away before the commit")
        return await write(self, entries)  # type: ignore[arg-type]

    monkeypatch.setattr(PartitionWriter, "write", fail_once)
    event = await _process(deployment, partition, 0)

    assert event.acked
    assert len(attempts) == 2
    assert _documents_in_changelog(deployment) == {"e0"}
    await _end((task, partition))


async def test_a_recovery_that_was_interrupted_has_all_vehicles_judged_again(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
):
    partition, other = _partition(deployment, "one"), _partition(deployment, "other")
    first_life = await _started(partition)
    partition.judge_stored()
    assert partition.unjudged == 0
    other_task = await _started(other)
    await _process(deployment, other, 0)
    await _end((first_life, partition), (other_task, other))
    readings: list[int] = []

    async def interrupted(*where: Any) -> AsyncIterator[Fetched]:
        readings.append(0)
        async for batch in read_to_end(*where):
            yield batch
            readings[-1] += len(batch.records)
        if len(readings) == 1:
            raise KafkaConnectionError

    monkeypatch.setattr(recovery, "read_to_end", interrupted)
    monkeypatch.setattr(patience, "LONGEST_SECONDS", 0.0)
    second_life = await _started(partition)

    assert readings[0]
    assert readings[1:] == [0], "the second attempt goes on where the first ended"
    assert partition.unjudged, "another worker judged a vehicle in between"
    await _end((second_life, partition))
