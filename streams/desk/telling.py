"""Who is told of alerts, as operations.

Only the command line lets a webhook be an address of the own network.
"""

from __future__ import annotations

from typing import Final

import msgspec

from streams.desk.offering import Ask, Operations
from streams.desk.receivers import (
    NewReceiver,
    Receiver,
    ReceiverMade,
    add_receiver,
    receivers_of,
    remove_receiver,
    retry_given_up,
)

TELLING: Final = Operations()


class ListOfReceivers(msgspec.Struct, frozen=True):
    """Who is told of alerts, and what became of it."""

    receivers: tuple[Receiver, ...]


class Retried(msgspec.Struct, frozen=True):
    """How many messages wait again."""

    waiting_again: int


@TELLING.offer("GET", "/receivers", "admin")
def list_receivers(ask: Ask) -> ListOfReceivers:
    """List who is told of alerts, at once or daily, and what became of it."""
    with ask.engine.connect() as connection:
        return ListOfReceivers(receivers_of(connection))


@TELLING.offer("POST", "/receivers", "admin", status=201)
def tell_receiver(ask: Ask, body: NewReceiver) -> ReceiverMade:
    """Tell a webhook or an e-mail address of alerts from now on."""
    return add_receiver(ask.engine, body, now=ask.now)


@TELLING.offer("DELETE", "/receivers/{receiver_id}", "admin")
def untell_receiver(ask: Ask, receiver_id: str) -> ListOfReceivers:
    """Tell an address no more; what waits for it is dropped."""
    remove_receiver(ask.engine, receiver_id)
    left: ListOfReceivers = list_receivers(ask)
    return left


@TELLING.offer("POST", "/receivers/{receiver_id}/retry", "admin")
def retry_receiver(ask: Ask, receiver_id: str) -> Retried:
    """Send again what was given up."""
    return Retried(retry_given_up(ask.engine, receiver_id, ask.now))
