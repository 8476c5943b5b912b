"""Refused records, sent again: each letter once, in transactions, with the number of attempts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from kafka import KafkaProducer

from streams.kafka.blocking_clients import opened
from streams.kafka.connection import KafkaConnection
from streams.kafka.dead_letters import ATTEMPTS, PREFIX, DeadLetter, original_headers

REDRIVEN: Final = PREFIX + "redriven"
"""Header of a record that says that the letter of this name was sent again; it is none itself."""
AT_ONCE: Final = 500
CONFIRM_SECONDS: Final = 60.0


class Redrive(NamedTuple):
    """A letter to send again."""

    letter: DeadLetter
    topic: str
    key: bytes | None


def open_letters(records: Iterable[Any]) -> Iterator[DeadLetter]:
    """Letters that were not sent again yet, one for each refused record: a crash may repeat one."""
    letters: dict[str, DeadLetter] = {}
    for record in records:
        letter = DeadLetter(record.partition, record.offset, record.key, record.value, record.headers)
        done = letter.about("redriven")
        if done:
            letters.pop(done, None)
        else:
            letters.setdefault(letter.identity, letter)
    yield from letters.values()


def redrive(
    connection: KafkaConnection, transactional_id: str, dead_letters: str, wanted: Sequence[Redrive]
) -> Iterator[int]:
    """Send letters again and note that they were; yields how many each transaction has committed.

    Parameters
    ----------
    connection
        Where Kafka is.
    transactional_id
        The same for all who do this in an installation: whoever begins ends the one before.
    dead_letters
        The topic of the letters, where it is noted.
    wanted
        What to send.

    Raises
    ------
    kafka.errors.KafkaError
        The broker refused; nothing of the transaction was sent, and what was yielded before was.
    """
    with opened(KafkaProducer, connection, acks="all", transactional_id=transactional_id) as producer:
        producer.init_transactions()
        for start in range(0, len(wanted), AT_ONCE):
            part = wanted[start : start + AT_ONCE]
            producer.begin_transaction()
            try:
                futures = [future for one in part for future in _send(producer, dead_letters, one)]
                for future in futures:
                    future.get(timeout=CONFIRM_SECONDS)
            except BaseException:
                producer.abort_transaction()
                raise
            producer.commit_transaction()
            yield len(part)


def _send(producer: KafkaProducer, dead_letters: str, one: Redrive) -> Iterator[Any]:
    letter = one.letter
    # kafka-python takes no header without a value.
    headers = [
        (name, data or b"") for name, data in original_headers(letter.headers) if name != ATTEMPTS
    ]
    headers.append((ATTEMPTS, b"%d" % (letter.attempts + 1)))
    yield producer.send(one.topic, value=letter.value, key=one.key, headers=headers)
    noted = [(REDRIVEN, letter.identity.encode())]
    yield producer.send(
        dead_letters, key=letter.identity.encode(), headers=noted, partition=letter.partition
    )
