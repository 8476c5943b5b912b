"""What is reported as sent again is what the broker has confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from kafka.errors import KafkaError, TopicAuthorizationFailedError
from typer.testing import CliRunner

from streams.cli import app
from streams.cli import dead_letters as command
from streams.kafka import redriving
from streams.kafka.dead_letters import DeadLetter
from streams.kafka.redriving import AT_ONCE
from streams.service.layout import names_of
from streams.service.settings import load_settings

LETTERS = 2 * AT_ONCE + 200


class Future:
    """The outcome of a record that was sent."""

    def __init__(self, error: KafkaError | None) -> None:
        self._error = error

    def get(self, timeout: float) -> None:
        assert timeout
        if self._error is not None:
            raise self._error


class Producer:
    """A broker that takes so many transactions and refuses the next."""

    def __init__(self, taken: int) -> None:
        self.taken, self.done = taken, ["init"]

    def init_transactions(self) -> None:
        self.done = []

    def begin_transaction(self) -> None:
        self.done.append("begin")

    def commit_transaction(self) -> None:
        self.done.append("commit")

    def abort_transaction(self) -> None:
        self.done.append("abort")

    def send(self, *_: Any, **__: Any) -> Future:
        refuses = self.done.count("commit") >= self.taken
        return Future(TopicAuthorizationFailedError("t") if refuses else None)


@pytest.mark.parametrize(
    ("taken", "status", "said"),
    [
        (0, 3, f"sent 0, left 0, not confirmed {LETTERS:,}"),
        (1, 3, f"sent {AT_ONCE}, left 0, not confirmed {LETTERS - AT_ONCE}"),
        (9, 0, f"sent {LETTERS:,}, left 0, not confirmed 0"),
    ],
)
def test_what_the_broker_refuses_is_not_reported_as_sent(
    monkeypatch: pytest.MonkeyPatch, taken: int, status: int, said: str
):
    producer = Producer(taken)

    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[Producer]:
        yield producer

    topic = names_of(load_settings()).documents[0].encode()
    letters = [
        DeadLetter(0, n, b"V", b"{", [("dlq.original.topic", topic), ("dlq.original.size", b"1")])
        for n in range(LETTERS)
    ]
    monkeypatch.setattr(redriving, "opened", opened)
    monkeypatch.setattr(command, "_letters", lambda *_: letters)
    result = CliRunner().invoke(app, ["dead-letters", "redrive"])
    assert (result.exit_code, said in result.output) == (status, True), result.output
    assert producer.done[-1] == ("abort" if status else "commit")
