"""A broker that takes smaller records than others keeps nothing back that fits, nor its reason."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.admin import ConfigResource, ConfigResourceType
from typer.testing import CliRunner

from streams.cli import app
from streams.kafka.dead_letters import DeadLetter
from streams.kafka.topic_admin import admin_client
from tests.broker.deployment import Deployment, wait_for
from tests.hostile.hostile_records import HostileRecord, registration, send

pytestmark = [pytest.mark.broker, pytest.mark.slow]

LIMIT, USUAL = 20_000, 1_048_588
VINS = [f"LSVHOST00{number:08d}" for number in range(300)]
LONG = "LSVHOST0099999999"


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(bootstrap_servers, prefix, tmp_path, partitions=1)
    yield deployment
    deployment.close()


def _limit(deployment: Deployment, most: int) -> None:
    names = deployment.names
    topics = (names.vehicles, names.alerts, names.dead_letters, names.watermarks)
    with admin_client(deployment.settings) as client:
        client.alter_configs([
            ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": str(most)})
            for topic in topics
        ])  # fmt: skip


def _incompressible(rng: random.Random) -> str:
    return base64.b85encode(rng.randbytes(160)).decode()


def test_what_fits_is_written_what_does_not_is_cut_and_a_vehicle_that_is_too_large_is_told_of(
    deployment: Deployment,
):
    rng, topics = random.Random(1), deployment.names.documents
    _limit(deployment, LIMIT)
    small = [
        HostileRecord(vin.encode(), registration(vin, "2025-03-01", invoice_no=_incompressible(rng)))
        for vin in VINS
    ]
    refused = HostileRecord(VINS[0].encode(), rng.randbytes(70_000), (("h", rng.randbytes(30_000)),))
    send(deployment.settings, topics, [*small, refused])
    worker = deployment.start_worker()
    deployment.wait_until_consumed()
    assert worker.metric("zeromile_vehicles") == len(VINS)
    (record,) = deployment.read_all(deployment.names.dead_letters)
    letter = DeadLetter(0, record.offset, record.key, record.value, record.headers)
    assert letter.cut
    assert letter.about("original.size") == "70000"

    many = [
        registration(
            LONG, f"2025-{month:02d}-{day:02d}", invoice_no=_incompressible(rng),
            owner_group=_incompressible(rng), seller_group=_incompressible(rng),
        )
        for month in range(1, 7)
        for day in range(1, 11)
    ]  # fmt: skip
    send(deployment.settings, topics, [HostileRecord(LONG.encode(), document) for document in many])
    wait_for(lambda: b"stuck at" in worker.get("/readyz")[1], 60, "nothing is said", deployment.logs)
    said = worker.get("/readyz")[1].decode()
    assert f"max.message.bytes of {deployment.names.vehicles}: raise it" in said
    assert worker.metric("zeromile_partition_stuck_seconds") > 0
    doctor = CliRunner().invoke(app, ["doctor"], env=deployment.environment)
    assert doctor.exit_code == 1
    assert "stuck at" in doctor.output
    assert f"{deployment.names.vehicles} takes records of 20,000 bytes at most" in doctor.output

    _limit(deployment, USUAL)
    deployment.wait_until_consumed()
    wait_for(lambda: worker.ready, 60, "still stuck", deployment.logs)
    assert worker.metric("zeromile_vehicles") == len(VINS) + 1
    assert deployment.restarts == 0
