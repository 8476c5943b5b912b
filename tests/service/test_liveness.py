"""Alive means: every partition moves on, or has nothing to read."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from streams.service import lag as lag_module
from streams.service.lag import STALLED_SECONDS, LagReporter
from streams.service.metrics import Metrics

A, B = TP("t", 0), TP("t", 1)


@pytest.fixture
def reporter(monkeypatch: pytest.MonkeyPatch) -> Any:
    def ready() -> SimpleNamespace:
        return SimpleNamespace(ready=SimpleNamespace(is_set=lambda: True))

    partitions = SimpleNamespace(owned={0: ready(), 1: ready()}, busy=True)
    made = LagReporter(SimpleNamespace(), partitions, [], Metrics())  # type: ignore[arg-type]
    made.clock = 1_000.0

    async def answers() -> bool:
        return True

    monkeypatch.setattr(made, "_broker_answers", answers)
    monkeypatch.setattr(lag_module.time, "monotonic", lambda: made.clock)
    made.partitions = partitions
    return made


def _look(reporter: Any, **behind: int) -> None:
    found = {TP("t", int(name[1:])): documents for name, documents in behind.items()}
    reporter._look(SimpleNamespace(lag=lambda: found))


async def test_a_partition_that_stands_still_beside_one_that_moves_is_not_alive(reporter: Any):
    assert time  # the clock is the test's
    for second in range(int(STALLED_SECONDS) + 2):
        reporter.clock = 1_000.0 + second
        _look(reporter, p0=5, p1=1_000 - second)
    assert await reporter.stalled()
    _look(reporter, p0=4, p1=7)
    assert not await reporter.stalled()


async def test_one_with_nothing_to_read_or_still_recovering_is_alive(reporter: Any):
    reporter.partitions.owned[1].ready.is_set = lambda: False
    for second in range(0, 1_000, 10):
        reporter.clock = 1_000.0 + second
        _look(reporter, p0=0, p1=50)
    assert not await reporter.stalled()


async def test_documents_that_retention_deleted_unread_are_counted_and_gaps_of_transactions_are_not(
    reporter: Any,
):
    async def earliest_offsets(*_: TP) -> dict[TP, int]:
        return {A: 380, B: 7}

    consumer = SimpleNamespace(jumps=[(A, 0, 380), (B, 10, 12)], earliest_offsets=earliest_offsets)
    await reporter._count_deleted(consumer)
    assert consumer.jumps == []
    assert reporter._metrics.documents_deleted_unread.labels("t")._value.get() == 380
