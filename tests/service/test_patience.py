"""A thing that fails is tried less and less often, and said once and then how often."""

from __future__ import annotations

import asyncio
import gc
from types import SimpleNamespace

import pytest
import structlog
from aiokafka.errors import UnknownError
from aiokafka.structs import TopicPartition
from structlog.testing import capture_logs

from detectors.registry import Catalogue
from streams.kafka import patience
from streams.kafka.partition_writer import PartitionWriter, WriteFailedError
from streams.kafka.patience import LONGEST_SECONDS, Patience
from streams.service import transactions
from streams.setup.policy import load_policy
from tests.service.partitions import make_partition

CHANGELOG = TopicPartition("t.vehicles-changelog.v1", 1)


class Clock:
    """Monotonic time that passes while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await _sleep(0)


_sleep = asyncio.sleep


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(patience, "time", clock)
    monkeypatch.setattr(transactions, "asyncio", SimpleNamespace(sleep=clock.sleep))
    return clock


def test_it_waits_longer_each_time_and_says_little(clock: Clock):
    thing = Patience(structlog.get_logger("zeromile.test"), "it fails", partition=3)
    with capture_logs() as said:
        pauses = []
        for _ in range(60):
            pauses.append(thing.failed(UnknownError("broken")))
            clock.now += pauses[-1]
        thing.worked()

    assert pauses[:4] == [0.5, 1.0, 2.0, 4.0]
    assert set(pauses[4:]) == {LONGEST_SECONDS}
    assert said[0] == {"event": "it fails", "error": said[0]["error"], "partition": 3,
                       "log_level": "warning"}  # fmt: skip
    assert len(said) < 12
    assert said[-2]["failures"] > 50
    assert said[-1]["event"] == "it fails: works again"
    assert (thing.failures, thing.error, thing.seconds) == (0, None, 0.0)


async def test_transactions_that_all_fail_are_few_and_make_the_partition_unready(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    """With a broker that refuses every record: 5,317 attempts in two minutes were the fault."""
    attempts: list[float] = []
    partition = make_partition(Catalogue(load_policy(None)))
    ours = partition.writing.transactions

    async def fails(*_: object) -> object:
        attempts.append(clock.now)
        if clock.now > 1120:
            return {TopicPartition("t.vehicles-changelog.v1", partition.number): 7}
        raise WriteFailedError("UnknownError: an unexpected server error")

    async def not_there(*_: object) -> None:
        return None

    monkeypatch.setattr(PartitionWriter, "write", fails)
    monkeypatch.setattr(ours, "_look_up_commit", not_there)
    assert partition.trouble is None
    seen = set()
    with capture_logs() as said:
        committing = asyncio.ensure_future(ours.commit({}, 0))
        while not committing.done():
            await _sleep(0)
            seen.add(partition.trouble)

    assert await committing == 7
    assert len(attempts) < 40
    assert len(said) < 8
    assert any("UnknownError: an unexpected server error" in (trouble or "") for trouble in seen)
    assert partition.trouble is None, "it works again"


async def test_batches_that_fail_beside_another_are_not_complained_about():
    """`Future exception was never retrieved`, 2,242 lines of it."""
    loop = asyncio.get_running_loop()
    complaints: list[object] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
    futures: list[asyncio.Future[object]] = []

    class Producer:
        def create_batch(self) -> object:
            full = SimpleNamespace(count=0)

            def append(**_: object) -> object:
                full.count += 1
                return full if full.count == 1 else None

            return SimpleNamespace(append=append, record_count=lambda: full.count)

        async def send_batch(self, *_: object, **__: object) -> asyncio.Future[object]:
            futures.append(loop.create_future())
            return futures[-1]

    writer = PartitionWriter(SimpleNamespace(), "t")  # type: ignore[arg-type]
    sending = asyncio.ensure_future(
        writer._send(Producer(), {CHANGELOG: [(b"k", b"v", [])] * 5})  # type: ignore[arg-type]
    )
    while len(futures) < 5:
        await _sleep(0)
    for future in futures:
        future.set_exception(UnknownError())
    with pytest.raises(UnknownError):
        await sending
    del sending, future
    futures.clear()
    gc.collect()
    await _sleep(0)

    assert complaints == []
