"""State knows where it comes from: of another cluster, damaged or gone it is not gone on with."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.kafka.topic_admin import admin_client, apply_topics
from streams.service.layout import catalogue_of
from streams.service.rocksdb_backend import DamagedStateError, RocksDBBackend
from streams.state.rocksdb import PAGE
from tests.broker.deployment import Deployment, wait_for
from tests.hostile.hostile_records import HostileRecord, registration, send

VINS = [f"LSVHOST00{number:08d}" for number in range(20)]


def _filled(directory: Path, vehicles: int) -> RocksDBBackend:
    backend = RocksDBBackend(directory)
    assert backend.belong_to("here/1")
    backend.restore({b"V%08d" % n: random.Random(n).randbytes(200) for n in range(vehicles)}, 7)
    list(backend.restored())
    return backend


def test_state_of_another_changelog_is_read_anew(tmp_path: Path):
    backend = _filled(tmp_path / "p", 10)
    backend.close()
    again = RocksDBBackend(tmp_path / "p")
    assert again.belong_to("here/1")
    assert (again.position, len(again)) == (7, 10)
    assert not again.belong_to("elsewhere/1")
    assert (again.position, len(again)) == (0, 0)
    again.close()


def _damage_one_block(directory: Path) -> None:
    path = max(directory.glob("*.sst"), key=lambda file: file.stat().st_size)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = b"\xa5" * 64
    path.write_bytes(bytes(data))


def test_a_damaged_block_is_noticed_and_the_next_start_reads_anew(tmp_path: Path):
    backend = _filled(tmp_path / "p", 5 * PAGE)
    backend.close()
    _damage_one_block(tmp_path / "p")
    again = RocksDBBackend(tmp_path / "p")
    with pytest.raises(DamagedStateError):
        list(again.vins())
    again.close()
    anew = RocksDBBackend(tmp_path / "p")
    assert (anew.position, len(anew), list(anew.vins())) == (0, 0, [])
    anew.close()


def test_a_broken_manifest_is_read_anew(tmp_path: Path):
    backend = _filled(tmp_path / "p", 10)
    backend.close()
    for path in (tmp_path / "p").glob("MANIFEST*"):
        path.write_bytes(b"nothing of the kind")
    anew = RocksDBBackend(tmp_path / "p")
    assert anew.position == 0
    anew.close()


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(bootstrap_servers, prefix, tmp_path, partitions=1)
    worker = deployment.start_worker()
    wait_for(lambda: worker.ready, 180, "worker not ready", deployment.logs)
    yield deployment
    deployment.close()


@pytest.mark.broker
@pytest.mark.slow
def test_workers_of_one_group_have_one_policy_and_no_state_that_is_gone(
    deployment: Deployment, tmp_path: Path
):
    topics = deployment.names.documents
    records = [HostileRecord(vin.encode(), registration(vin, "2025-03-01")) for vin in VINS]
    send(deployment.settings, topics, records)
    deployment.wait_until_consumed()

    policy = tmp_path / "other.toml"
    policy.write_text("[double_sale]\nwindow_days = 3\n")
    other = deployment.start_worker(ZEROMILE_POLICY_FILE=str(policy))
    wait_for(lambda: not other.running, 60, "a worker with another policy runs", deployment.logs)
    assert other.status == 2
    assert "one policy a group" in other.story()
    deployment.workers.remove(other)
    deployment.workers[0].stop()

    with admin_client(deployment.settings) as client:
        client.delete_topics([deployment.names.vehicles])
        wait_for(
            lambda: apply_topics(client, catalogue_of(deployment.settings)) == [], 30, "topic not made"
        )
    lost = deployment.start_worker()
    wait_for(lambda: not lost.running, 60, "a worker without its state runs", deployment.logs)
    assert "their vehicles are lost" in lost.story()
