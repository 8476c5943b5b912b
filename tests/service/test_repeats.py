"""What a library says eighty times a second is said once, and then how often."""

from __future__ import annotations

import logging

import pytest

from streams.service import repeats
from streams.service.repeats import Repeats


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(repeats, "time", clock)
    return clock


def _said(name: str, message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "f.py", 1, message, values, None)


def test_a_repeated_message_passes_once_and_then_with_its_number(clock: Clock):
    sparing = Repeats(("aiokafka", "asyncio"))
    passed = []
    for second in range(65):
        clock.now = 100.0 + second
        for node in range(80):
            record = _said("aiokafka.conn", "Unable to connect to node %s", node)
            if sparing.filter(record):
                passed.append(record.getMessage())

    assert len(passed) == 3
    assert passed[0] == "Unable to connect to node 0"
    assert passed[1] == "Unable to connect to node 0 (and 2399 times more since it was said last)"


def test_our_own_events_and_other_messages_are_let_through(clock: Clock):
    sparing = Repeats(("aiokafka",))

    assert all(sparing.filter(_said("zeromile.partition", "it fails")) for _ in range(5))
    assert sparing.filter(_said("aiokafka.conn", "one thing"))
    assert sparing.filter(_said("aiokafka.conn", "another thing"))
    assert not sparing.filter(_said("aiokafka.conn", "one thing"))


def test_what_is_kept_is_bounded(clock: Clock):
    sparing = Repeats(("aiokafka",))
    for number in range(3 * repeats.MOST_KINDS):
        sparing.filter(_said("aiokafka", f"message {number}"))

    assert len(sparing._passed) <= repeats.MOST_KINDS
