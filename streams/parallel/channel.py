"""Messages of any size between two processes, whose sender never waits for the receiver.

A pipe holds 64 KiB; who writes more waits until the other side reads, and it is busy. So messages
lie in files in memory, and only their lengths go through the pipe.
"""

import os
from multiprocessing.connection import Connection
from multiprocessing.reduction import DupFd
from typing import Any, Final, NamedTuple

SLOTS: Final = 8
"""Messages that may be on their way in one direction; the coordinator leaves five at most unread."""


class Ends(NamedTuple):
    """What a process needs to take part in a channel; only given to a process that is started."""

    pipe: Connection
    sent: tuple[Any, ...]
    received: tuple[Any, ...]

    def open(self) -> "Channel":
        """The channel, in the process that was started."""
        detach = [slot.detach() for slot in (*self.sent, *self.received)]
        return Channel(self.pipe, tuple(detach[:SLOTS]), tuple(detach[SLOTS:]))


class Channel:
    """One side of a channel.

    Parameters
    ----------
    pipe
        Carries lengths, and says when the other side is gone.
    sent, received
        Descriptors of the files that hold the messages, in turn.
    """

    def __init__(self, pipe: Connection, sent: tuple[int, ...], received: tuple[int, ...]) -> None:
        self._pipe = pipe
        self._sent = sent
        self._received = received
        self._next_sent = self._next_received = 0

    def send(self, message: bytes) -> None:
        """Send a message.

        Raises
        ------
        OSError
            If the other side is gone.
        """
        slot = self._sent[self._next_sent]
        self._next_sent = (self._next_sent + 1) % SLOTS
        rest, offset = memoryview(message), 0
        while offset < len(message):
            offset += os.pwrite(slot, rest[offset:], offset)
        self._pipe.send_bytes(len(message).to_bytes(8))

    def receive(self) -> bytes:
        """Wait for a message.

        Raises
        ------
        EOFError, OSError
            If the other side is gone.
        """
        length = int.from_bytes(self._pipe.recv_bytes())
        slot = self._received[self._next_received]
        self._next_received = (self._next_received + 1) % SLOTS
        message = os.pread(slot, length, 0)
        while len(message) < length:  # one call reads two gibibytes at most
            message += os.pread(slot, length - len(message), len(message))
        return message

    def ends_of_other_side(self, pipe: Connection) -> Ends:
        """What the other process needs, to be given to it as it is started."""
        return Ends(pipe, tuple(map(DupFd, self._received)), tuple(map(DupFd, self._sent)))

    def close(self) -> None:
        """Let go of everything."""
        self._pipe.close()
        for slot in (*self._sent, *self._received):
            os.close(slot)


def slots() -> tuple[int, ...]:
    """Files in memory for one direction."""
    return tuple(os.memfd_create("zeromile") for _ in range(SLOTS))
