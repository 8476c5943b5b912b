"""The broker in a container, as far as it can be told without a Docker engine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.broker.container_broker import ContainerBroker, environment
from tests.broker.kafka_broker import HERE, BrokerUnavailableError
from tests.deploy.files import compose

ROOT = Path(__file__).parents[2]


def test_it_has_every_setting_of_the_broker_that_runs_as_a_process():
    lines = (HERE / "server.properties").read_text("utf-8").splitlines()
    settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    given = environment(40_000)

    assert {name: given[f"KAFKA_{name.upper().replace('.', '_')}"] for name in settings} == settings
    assert given["KAFKA_ADVERTISED_LISTENERS"] == "PLAINTEXT://127.0.0.1:40000"


def test_its_image_gets_all_that_the_compose_file_had_to_say():
    """Any setting discards the image's defaults, so none that makes a broker may be missing."""
    made_by_hand = compose()["services"]["broker"]["environment"]
    needed = {name for name in made_by_hand if "HEAP" not in name}
    assert needed <= environment(40_000).keys()


def test_a_missing_library_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "testcontainers", None)
    with pytest.raises(BrokerUnavailableError, match="uv pip install --group containers"):
        ContainerBroker()


def test_asked_for_and_not_there_it_fails_and_says_why():
    """No silent skip: whoever asks for a container wants to know."""
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:randomly", "--kafka", "container",
         f"{Path(__file__).with_name('test_smoke.py')}"],
        env=os.environ | {"DOCKER_HOST": "unix:///nowhere", "CI": "false"}, cwd=ROOT,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    assert done.returncode == 1, done.stdout
    assert "NO KAFKA BROKER" in done.stdout
    assert "testcontainers is not installed" in done.stdout or "no Docker engine" in done.stdout
