"""A broker for every test below this directory.

`KAFKA_BOOTSTRAP_SERVERS` names a broker to use instead of starting one; `--kafka container` starts it
in a container.
"""

from __future__ import annotations

import gc
import os
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.container_broker import Broker, ContainerBroker
from tests.broker.kafka_broker import BrokerUnavailableError, KafkaBroker


@pytest.fixture(scope="session")
def bootstrap_servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of a broker shared by the tests of one process."""
    given = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if given:
        yield given
        return
    broker = broker_or_skip(tmp_path_factory.mktemp("kafka"), request.config)
    yield broker.bootstrap_servers
    broker.remove()


def broker_or_skip(directory: Path, config: pytest.Config) -> Broker:
    """A started broker; without one skip loudly, and fail under CI=true or where it was asked for."""
    in_container = config.getoption("--kafka") == "container"
    try:
        broker = ContainerBroker() if in_container else KafkaBroker(directory)
        broker.start()
    except BrokerUnavailableError as error:
        message = f"NO KAFKA BROKER, its tests did not run: {error}"
        if in_container or os.environ.get("CI") == "true":
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
