"""Messages of any size between two processes, whose sender never waits for the receiver.

A pipe holds 64 KiB; who writes more waits until the other side reads, and it is busy. So messages
lie in files in memory, and only their lengths go through the pipe.
"""

import os
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Final

SLOTS: Final = 8
"""Messages that may be on their way in one direction; the coordinator leaves five at most unread."""


class Channel:
    """One side of a channel; may be an argument of a process that is started.

    Parameters
    ----------
    pipe
        Carries lengths, and says when the other side is gone.
    sent, received
        Files that hold the messages, in turn. They are no connections, but those know how to pass
        their descriptors on to a new process.
    """

    def __init__(
        self, pipe: Connection, sent: tuple[Connection, ...], received: tuple[Connection, ...]
    ) -> None:
        self._pipe = pipe
        self._sent = sent
        self._received = received
        self._next_sent = self._next_received = 0

    def send(self, message: bytes) -> None:
        """Send a message.

        Raises
        ------
        BrokenPipeError, ConnectionResetError
            If the other side is gone.
        OSError
            There is no memory for the message.
        """
        slot = self._sent[self._next_sent].fileno()
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
        slot = self._received[self._next_received].fileno()
        self._next_received = (self._next_received + 1) % SLOTS
        message = os.pread(slot, length, 0)
        while len(message) < length:  # one call reads two gibibytes at most
            message += os.pread(slot, length - len(message), len(message))
        os.ftruncate(slot, 0)  # else every file keeps the memory of the largest message it ever held
        return message

    def close(self) -> None:
        """Let go of this side; the other one is told."""
        for end in (self._pipe, *self._sent, *self._received):
            end.close()


def channel() -> tuple[Channel, Channel]:
    """Both sides of a new channel."""
    ours, theirs = Pipe()
    there, back = _files(), _files()
    # Each side closes files of its own: those of the other may be in another process.
    return Channel(ours, there, back), Channel(theirs, _again(back), _again(there))


def _files() -> tuple[Connection, ...]:
    return tuple(Connection(os.memfd_create("zeromile")) for _ in range(SLOTS))


def _again(files: tuple[Connection, ...]) -> tuple[Connection, ...]:
    return tuple(Connection(os.dup(file.fileno())) for file in files)
