"""kafka-python's clients, opened so that nothing stays open when a broker does not answer.

kafka-python 3.0 leaves two things to the garbage collector: the socket of a connection attempt that
fails or is broken off, and, where a constructor raises, the whole client with the thread that goes on
trying. Both are closed here, through the two hooks that the library has for it: an address scheme for
sockets and a factory for the client inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket
from kafka.net.selector import NetworkSelector

from streams.kafka.connection import KafkaConnection
from streams.kafka.lenient_headers import read_any_header_name

read_any_header_name()

ClientT = TypeVar("ClientT", KafkaAdminClient, KafkaConsumer, KafkaProducer)


class _ClosingSocket(KafkaNetSocket):  # type: ignore[misc] # kafka-python is not typed
    """Connects directly; a socket that does not get there is closed."""

    SCHEMES = ("direct",)

    async def sock_connect(
        self, net: Any, sock: socket, sockaddr: Any, timeout_at: float | None = None
    ) -> socket:
        """Connect a socket or close it; a connected one is closed with its client at the latest."""
        _sockets_of(net).append(sock)
        try:
            connected: socket = await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise
        return connected


class _ClosingClient(KafkaNetClient):  # type: ignore[misc] # kafka-python is not typed
    """The client inside; closes what broke between two steps of a connection's making."""

    def close(self, node_id: int | None = None) -> None:
        """Close one connection or, without a node, everything."""
        super().close(node_id)
        if node_id is None:
            for sock in _sockets_of(self._net):
                sock.close()


_sockets: WeakKeyDictionary[NetworkSelector, list[socket]] = WeakKeyDictionary()
"""Sockets by the event loop that they were opened in."""


def _sockets_of(loop: NetworkSelector) -> list[socket]:
    """Sockets of a client that may be open."""
    still_open = [sock for sock in _sockets.get(loop, ()) if sock.fileno() >= 0]
    _sockets[loop] = still_open
    return still_open


def open_client(
    kind: type[ClientT], connection: KafkaConnection, *topics: str, **options: object
) -> ClientT:
    """Make a client of kafka-python; the caller closes it.

    Raises
    ------
    kafka.errors.KafkaError
        No broker answers, or none as expected.
    """
    inside: list[_ClosingClient] = []

    def make(**configs: object) -> _ClosingClient:
        inside.append(_ClosingClient(**configs))
        return inside[0]

    try:
        return kind(
            *topics,
            kafka_client=make,
            proxy_url=f"{_ClosingSocket.SCHEMES[0]}://",
            **connection.kafka_python_options(),
            **options,
        )
    except BaseException:
        for client in inside:
            client.close()
        raise


@contextmanager
def opened(
    kind: type[ClientT], connection: KafkaConnection, *topics: str, **options: object
) -> Iterator[ClientT]:
    """Make a client as :func:`open_client` does and close it at the end."""
    client = open_client(kind, connection, *topics, **options)
    try:
        yield client
    finally:
        client.close()
