"""An engine, the stand-ins for the images, and the stack on it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.kafka_broker import BrokerUnavailableError, cache_home, fetch_jars
from tests.engine.deployed import Deployed, check_ports
from tests.engine.engine import Engine
from tests.engine.programs import EngineUnavailableError, locked


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine with the images; without one skip loudly, and fail under CI=true."""
    folder = Path(tempfile.mkdtemp(prefix="zm-engine-"))
    cache_home().mkdir(parents=True, exist_ok=True)
    with locked(cache_home() / "engine.lock"):  # the compose file's ports are given once
        made = None
        try:
            check_ports()
            made = Engine(folder)
            made.start()
            made.load_stand_ins(fetch_jars())
            yield made
        except (EngineUnavailableError, BrokerUnavailableError) as error:
            message = f"NO DOCKER ENGINE, THE COMPOSE FILE DID NOT RUN: {error}"
            if os.environ.get("CI") == "true":
                pytest.fail(message)
            pytest.skip(message)
        finally:
            if made is not None:
                made.stop()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def stack(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """`docker compose --profile demo up -d`, built from nothing, after its year has passed."""
    made = Deployed(engine, tmp_path_factory.mktemp("deployed"))
    try:
        made.up()
        made.measure_first_alert()
        made.wait_until(made.settled)
        yield made
    finally:
        made.compose("down", "--volumes", "--timeout", "30")
