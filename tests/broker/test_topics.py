"""`topics apply` and `topics check` against a real broker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from kafka.admin import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from streams.cli import app
from streams.kafka.topic_admin import admin_client, apply_topics
from streams.service.layout import catalogue_of
from streams.service.settings import load_settings
from tests.broker.deployment import COMMAND, Deployment, wait_for

pytestmark = pytest.mark.broker
runner = CliRunner()


@pytest.fixture
def environment(bootstrap_servers: str, prefix: str) -> dict[str, str]:
    return {
        "ZEROMILE_BOOTSTRAP_SERVERS": bootstrap_servers,
        "ZEROMILE_TOPIC_PREFIX": prefix,
        "ZEROMILE_PARTITIONS": "3",
    }


def test_apply_makes_all_topics_and_can_be_repeated(environment: dict[str, str], prefix: str):
    before = runner.invoke(app, ["topics", "check"], env=environment)
    first = runner.invoke(app, ["topics", "apply"], env=environment)
    second = runner.invoke(app, ["topics", "apply"], env=environment)
    after = runner.invoke(app, ["topics", "check"], env=environment)

    assert before.exit_code == 1
    assert f"topics are missing: {prefix}.alerts.v1, " in before.output
    assert (first.exit_code, second.exit_code, after.exit_code) == (0, 0, 0), first.output


def test_check_explains_each_difference_and_apply_mends_what_it_can(
    environment: dict[str, str], bootstrap_servers: str, prefix: str
):
    runner.invoke(app, ["topics", "apply"], env=environment)
    with admin_client(load_settings(bootstrap_servers=bootstrap_servers)) as client:
        alerts = ConfigResource(
            ConfigResourceType.TOPIC, f"{prefix}.alerts.v1", {"cleanup.policy": "delete"}
        )
        client.alter_configs([alerts])
    other_layout = environment | {"ZEROMILE_PARTITIONS": "4"}

    checked = runner.invoke(app, ["topics", "check"], env=other_layout)
    applied = runner.invoke(app, ["topics", "apply"], env=other_layout)

    assert "cleanup.policy is delete, should be compact" in checked.output
    assert "partitions is 3, should be 4; keys would move" in checked.output
    assert applied.exit_code == 1
    assert "cleanup.policy" not in applied.output
    assert "keys would move" in applied.output


def test_an_absent_broker_is_one_readable_line():
    done = runner.invoke(app, ["topics", "check", "--bootstrap", "127.0.0.1:1"])

    assert done.exit_code == 3
    assert "Kafka at 127.0.0.1:1 (PLAINTEXT)" in done.output


def test_apply_waits_for_a_broker_that_is_late(environment: dict[str, str], bootstrap_servers: str):
    """As after a restart of everything at once; longer than the 10 seconds that a person waits."""
    host, port = bootstrap_servers.split(":")
    door = socket.socket()
    door.bind(("127.0.0.1", 0))
    late = environment | {"ZEROMILE_BOOTSTRAP_SERVERS": f"127.0.0.1:{door.getsockname()[1]}"}

    def open_late() -> None:
        time.sleep(11)
        door.listen()
        while True:
            try:
                inside, outside = door.accept()[0], socket.create_connection((host, int(port)))
            except OSError:  # the test is over
                return
            for source, target in ((inside, outside), (outside, inside)):
                threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()

    threading.Thread(target=open_late, daemon=True).start()
    try:
        done = runner.invoke(app, ["topics", "apply", "--wait", "90"], env=late)
    finally:
        door.close()
    assert done.exit_code == 0, done.output


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with source, target, suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)


def test_a_worker_without_topics_does_not_start(environment: dict[str, str], prefix: str):
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [sys.executable, "-W", "ignore", "-c", COMMAND, "worker"],
        env=os.environ | environment | {"ZEROMILE_WEB_PORT": "0"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip

    assert done.returncode == 2
    told = done.stderr.replace("\n", "")
    assert "topics are missing: " in told
    assert f"{prefix}.alerts.v1" in told
    assert "topics apply" in done.stderr.replace("\n", "")


def test_doctor_names_missing_topics_in_one_line(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    told = runner.invoke(app, ["doctor"]).output

    assert told.count("topics are missing: ") == 1
    assert "ACL" not in told, told


def test_topics_that_the_broker_does_not_know_for_a_moment_are_taken_up_again(
    bootstrap_servers: str, prefix: str, tmp_path: Path
):
    """As a broker does that answers before it has read, after a restart, which topics it has."""
    deployment = Deployment(bootstrap_servers, prefix, tmp_path, partitions=1)
    worker = deployment.start_worker()

    def wait_for_partitions(number: int) -> None:
        def there() -> bool:
            return worker.metric("zeromile_partitions", state="ready") == number

        wait_for(there, 60, f"the worker does not have {number} partitions", deployment.logs)

    try:
        wait_for_partitions(1)
        with admin_client(deployment.settings) as client:
            client.delete_topics(list(deployment.names.documents))
            wait_for_partitions(0)
            apply_topics(client, catalogue_of(deployment.settings))
        wait_for_partitions(1)
    finally:
        deployment.close()
