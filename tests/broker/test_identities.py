"""With an identity key no id of an owner is written anywhere, and no other key works beside it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from kafka import KafkaProducer

from detectors.identities import IdentityKey
from streams.kafka.blocking_clients import opened
from streams.service.identity_check import (
    IDENTITIES_KEY,
    IdentityKeyChangedError,
    check_identities,
)
from streams.service.settings import Settings, load_settings
from streams.service.shared_watermarks import SourceProgress, encode_newest
from streams.store.database import open_database
from tests.broker.deployment import Deployment, wait_for
from tests.store.sink_process import zeromile

pytestmark = [pytest.mark.broker, pytest.mark.slow]

SECRET, OTHER = "the first secret of all", "another secret than that"
VIN = "LSVAA4182E2184847"
IDS = {b"owner-one", b"owner-two", b"exporter-one"}


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(
        bootstrap_servers, prefix, tmp_path, partitions=1, ZEROMILE_IDENTITY_KEY=SECRET
    )
    yield deployment
    deployment.close()


def _documents() -> list[bytes]:
    common = {"source": "s", "vin": VIN}
    sale = common | {"event_type": "registration", "kind": "transfer"}
    return [
        msgspec.json.encode(document)
        for document in (
            sale | {"event_id": "1", "occurred_at": "2025-03-01", "owner_id": "owner-one"},
            sale | {"event_id": "2", "occurred_at": "2025-03-04", "owner_id": "owner-two"},
            common | {"event_id": "3", "event_type": "customs_export", "occurred_at": "2025-03-05",
                      "declaration_no": "51", "exporter_id": "exporter-one", "destination": "AE",
                      "condition": "used", "exporter_province": "CN-GD"},
        )
    ]  # fmt: skip


def _settings(deployment: Deployment, secret: str) -> Settings:
    return load_settings(
        bootstrap_servers=deployment.settings.bootstrap_servers,
        topic_prefix=deployment.settings.topic_prefix,
        identity_key=secret,
    )


def _run(deployment: Deployment, *command: str, **other: str) -> subprocess.CompletedProcess[str]:
    return zeromile(os.environ | deployment.environment | other, *command)


def test_no_id_is_written_and_no_other_key_is_let_in(deployment: Deployment, tmp_path: Path):
    worker = deployment.start_worker()
    wait_for(lambda: worker.ready, 60, "not ready", deployment.logs)
    deployment.publish(_documents())
    deployment.wait_until_consumed()

    names = deployment.names
    for topic in (names.vehicles, names.alerts, names.province_exports, names.watermarks):
        records = deployment.read_all(topic)
        assert records, topic
        written = b"".join(record.value or b"" for record in records)
        assert not [identity for identity in IDS if identity in written], topic
    assert {alert["detector"] for alert in deployment.firing().values()} >= {"double_sale"}
    _, told = worker.get(f"/api/vehicles/{VIN}")
    assert IdentityKey(SECRET).digest("owner-one").encode() in told

    url = f"sqlite:///{tmp_path}/store.sqlite"
    stored = _run(deployment, "sink", "--once", "--url", url)
    assert stored.returncode == 0, stored.stderr
    engine = open_database(url)
    with engine.connect() as connection:
        owners = {row[0] for row in connection.execute(sa.text("SELECT owner_id FROM documents"))}
    engine.dispose()
    digest = IdentityKey(SECRET).digest
    assert owners == {digest("owner-one"), digest("owner-two"), None}
    assert "under the key of the state" in _run(deployment, "doctor").stdout

    for secret in (OTHER, ""):
        refused = [
            _run(deployment, command, *options, ZEROMILE_IDENTITY_KEY=secret)
            for command, *options in (("worker",), ("sink", "--once", "--url", url))
        ]
        assert [one.returncode for one in refused] == [2, 2], refused
        assert all("ZEROMILE_IDENTITY_KEY keeps ids" in one.stderr for one in refused)
        assert (
            "no worker starts until then"
            in _run(deployment, "doctor", ZEROMILE_IDENTITY_KEY=secret).stdout
        )
    assert worker.running


def test_before_the_first_worker_any_key_will_do(deployment: Deployment):
    for secret in (SECRET, OTHER, ""):
        check_identities(_settings(deployment, secret))


def test_state_of_workers_that_knew_no_keys_is_state_in_clear(deployment: Deployment):
    _say(deployment, b"0", encode_newest(SourceProgress("registration", "s", 700_000)))

    check_identities(_settings(deployment, ""))
    with pytest.raises(IdentityKeyChangedError, match="the state has them as they come"):
        check_identities(_settings(deployment, SECRET))


def test_a_worker_that_hears_of_another_key_ends(deployment: Deployment):
    worker = deployment.start_worker()
    wait_for(lambda: worker.ready, 60, "not ready", deployment.logs)

    _say(deployment, IDENTITIES_KEY, IdentityKey(OTHER).fingerprint.encode())

    wait_for(lambda: not worker.running, 60, "goes on", deployment.logs)
    assert worker.failed
    assert "IdentityKeyChangedError" in worker.story()


def _say(deployment: Deployment, key: bytes, value: bytes) -> None:
    with opened(KafkaProducer, deployment.settings) as producer:
        producer.send(deployment.names.watermarks, key=key, value=value)
        producer.flush()
