"""Who does not fit into the group does not run in it, and says why."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer
from typer.testing import CliRunner

from streams.cli import app
from streams.kafka.blocking_clients import opened
from streams.kafka.topic_admin import admin_client
from streams.service.layout_check import TopicsError, check_start
from streams.service.neighbours import InstanceTakenError
from streams.service.settings import Settings
from streams.service.terms import OtherTermsError
from tests.broker.deployment import Deployment, WorkerProcess, wait_for
from tests.hostile.hostile_records import HostileRecord, registration, send

pytestmark = [pytest.mark.broker, pytest.mark.slow]

VIN = "LSVHOST0000000001"


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(bootstrap_servers, prefix, tmp_path, partitions=1)
    yield deployment
    deployment.close()


def _started(deployment: Deployment, **environment: str) -> WorkerProcess:
    worker = deployment.start_worker(**environment)
    wait_for(lambda: worker.ready, 180, "worker not ready", deployment.logs)
    return worker


def _ended(deployment: Deployment, status: int, worker: WorkerProcess) -> str:
    wait_for(lambda: not worker.running, 90, "a worker runs that must not", deployment.logs)
    assert worker.status == status, worker.story()
    deployment.workers.remove(worker)
    return worker.story()


def _settings(deployment: Deployment, **other: str) -> Settings:
    return deployment.settings.model_copy(update=other)


def _doctor(deployment: Deployment, **environment: str) -> str:
    result = CliRunner().invoke(app, ["doctor"], env=deployment.environment | environment)
    assert result.exit_code == 1, result.output
    return result.output


def test_a_worker_that_the_group_does_not_take_ends_and_says_why(deployment: Deployment):
    with opened(
        KafkaConsumer,
        deployment.settings,
        deployment.names.documents[0],
        group_id=f"{deployment.settings.group}-of-others",
    ) as stranger:
        wait_for(lambda: bool(stranger.poll(timeout_ms=200) or stranger.assignment()), 60, "not joined")
        worker = deployment.start_worker(ZEROMILE_GROUP=f"{deployment.settings.group}-of-others")
        said = _ended(deployment, 1, worker)
        of_doctor = _doctor(deployment, ZEROMILE_GROUP=f"{deployment.settings.group}-of-others")
    assert "programs that are no zeromile workers are in the group" in of_doctor
    assert "a program that is no zeromile worker is in the group" in said


def test_one_instance_id_one_model_and_one_number_of_partitions_a_group(deployment: Deployment):
    worker = _started(deployment, ZEROMILE_INSTANCE_ID="w-1")
    topics = deployment.names.documents
    send(deployment.settings, topics, [HostileRecord(VIN.encode(), registration(VIN, "2025-03-01"))])
    deployment.wait_until_consumed()

    with pytest.raises(InstanceTakenError, match=f"of the worker at http://127.0.0.1:{worker.port}"):
        check_start(_settings(deployment, instance_id="w-1"))
    with pytest.raises(OtherTermsError, match="judge by model none"):
        check_start(_settings(deployment, model="default"))
    assert "judge by model none" in _doctor(deployment, ZEROMILE_MODEL="default")
    check_start(_settings(deployment, instance_id="w-2"))
    assert worker.ready

    with admin_client(deployment.settings) as client:
        client.create_partitions({topics[0]: 2})
    assert "they were added while workers ran" in _ended(deployment, 1, worker)
    with pytest.raises(TopicsError, match="partitions is 2, should be 1"):
        check_start(deployment.settings)
    assert f"{topics[0]}: partitions is 2, should be 1" in _doctor(deployment)
