"""kafka-python's clients, opened so that nothing stays open when a broker does not answer.

kafka-python 3.0 leaves two things to the garbage collector: the socket of every connection attempt
that fails or is broken off, and, where a constructor raises, the whole client with the thread that
goes on trying. Both are closed here, through the two hooks that the library has for it: an address
scheme for sockets and a factory for the client inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket
from typing import Any, TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket

from streams.kafka.connection import KafkaConnection

ClientT = TypeVar("ClientT", KafkaAdminClient, KafkaConsumer, KafkaProducer)


class _ClosingSocket(KafkaNetSocket):  # type: ignore[misc] # kafka-python is not typed
    """Connects directly; a socket that does not get there is closed."""

    SCHEMES = ("direct",)

    async def sock_connect(
        self, net: Any, sock: socket, sockaddr: Any, timeout_at: float | None = None
    ) -> socket:
        """Connect a socket or close it."""
        try:
            connected: socket = await super().sock_connect(net, sock, sockaddr, timeout_at=timeout_at)
        except BaseException:
            sock.close()
            raise
        return connected


def open_client(
    kind: type[ClientT], connection: KafkaConnection, *topics: str, **options: object
) -> ClientT:
    """Make a client of kafka-python; the caller closes it.

    Raises
    ------
    kafka.errors.KafkaError
        No broker answers, or none as expected.
    """
    inside: list[KafkaNetClient] = []

    def make(**configs: object) -> KafkaNetClient:
        inside.append(KafkaNetClient(**configs))
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
