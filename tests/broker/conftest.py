"""A broker for every test below this directory.

`KAFKA_BOOTSTRAP_SERVERS` names a broker to use instead of starting one.
"""

from __future__ import annotations

import gc
import os
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.kafka_broker import BrokerUnavailableError, KafkaBroker


@pytest.fixture(scope="session")
def bootstrap_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a broker shared by the tests of one process."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
        return
    broker = broker_or_skip(tmp_path_factory.mktemp("kafka"))
    yield broker.bootstrap_servers
    broker.kill()


def broker_or_skip(directory: Path) -> KafkaBroker:
    """A started broker; where there can be none, skip loudly, and fail under CI=true."""
    try:
        broker = KafkaBroker(directory)
        broker.start()
    except BrokerUnavailableError as error:
        message = f"NO KAFKA BROKER, its tests did not run: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        warnings.warn(pytest.PytestWarning(message), stacklevel=1)
        pytest.skip(message)
    return broker


@pytest.fixture(autouse=True)
def left_open_by_a_test() -> Iterator[None]:
    """The same as for modules, for every test: clients of a broker are easily left open."""
    yield
    gc.collect()


@pytest.fixture
def prefix() -> str:
    """A topic prefix of the test's own, so that tests sharing a broker do not meet."""
    return f"t{uuid.uuid4().hex[:10]}"
