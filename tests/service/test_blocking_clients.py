"""kafka-python's clients leave neither sockets nor threads behind when no broker answers."""

from __future__ import annotations

import gc
import socket
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError
from kafka.net.transport import KafkaTCPTransport

from streams.kafka.blocking_clients import opened
from streams.service.settings import load_settings

CLIENTS = [KafkaAdminClient, KafkaConsumer, KafkaProducer]
NOBODY = "127.0.0.1:1"
PATIENCE_MS = 300


@pytest.fixture
def rude_broker() -> Iterator[str]:
    """Accepts connections and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{listener.getsockname()[1]}"

    def hang_up() -> None:
        while True:
            try:
                listener.accept()[0].close()
            except OSError:
                return

    thread = threading.Thread(target=hang_up)
    thread.start()
    yield address
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    listener.close()


@pytest.fixture
def silent_broker() -> Iterator[str]:
    """Lets the system accept connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def without_collector() -> Iterator[None]:
    """What only the collector would close stays open."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _sockets() -> set[str]:
    links = (entry for entry in Path("/proc/self/fd").iterdir())
    targets = {str(link.readlink()) for link in links if link.is_symlink()}
    return {target for target in targets if target.startswith("socket:")}


def _try_and_leave_nothing_open(kind: type, servers: str) -> None:
    sockets, threads = _sockets(), set(threading.enumerate())
    with (
        pytest.raises(KafkaError),
        opened(kind, load_settings(bootstrap_servers=servers), bootstrap_timeout_ms=PATIENCE_MS),
    ):
        pass
    assert _sockets() == sockets
    assert set(threading.enumerate()) == threads


@pytest.mark.parametrize("kind", CLIENTS)
def test_nothing_stays_open_where_nobody_listens(kind: type, without_collector: None):
    _try_and_leave_nothing_open(kind, NOBODY)


@pytest.mark.parametrize("kind", CLIENTS)
def test_nothing_stays_open_where_somebody_hangs_up(
    kind: type, rude_broker: str, without_collector: None
):
    _try_and_leave_nothing_open(kind, rude_broker)


@pytest.mark.parametrize("kind", CLIENTS)
def test_nothing_stays_open_where_nobody_answers(
    kind: type, silent_broker: str, without_collector: None
):
    _try_and_leave_nothing_open(kind, silent_broker)


def test_a_connection_that_breaks_while_it_is_made_is_closed_with_its_client(
    silent_broker: str, without_collector: None, monkeypatch: pytest.MonkeyPatch
):
    """kafka-python forgets its socket then, and the broker may go at any moment."""

    async def broken(transport: KafkaTCPTransport) -> None:
        raise OSError("broken")

    monkeypatch.setattr(KafkaTCPTransport, "handshake", broken)
    with warnings.catch_warnings(record=True) as complaints:
        _try_and_leave_nothing_open(KafkaAdminClient, silent_broker)
    assert not [each for each in complaints if each.category is ResourceWarning]
