"""Restarts: from the changelog alone, and from the disk plus the changelog's tail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.deployment import Deployment, expected_alerts, wait_for
from tests.broker.documents import document_stream

pytestmark = [pytest.mark.broker, pytest.mark.slow]

VEHICLES = 300


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(
        bootstrap_servers, prefix, tmp_path, partitions=2, ZEROMILE_STATE_STORE="rocksdb"
    )
    yield deployment
    deployment.close()


def _recovered(deployment: Deployment, state: Path) -> float:
    """Changelog records that a fresh worker on this directory reads until it is ready."""
    worker = deployment.start_worker(ZEROMILE_STATE_DIRECTORY=str(state))
    wait_for(lambda: worker.ready, 60, "worker not ready", deployment.logs)
    return worker.metric("zeromile_recovered_records_total")


def test_a_disk_spares_the_changelog_and_its_loss_costs_nothing_else(
    deployment: Deployment, tmp_path: Path
):
    lines = document_stream(seed=11, vehicles=VEHICLES)
    stream = tmp_path / "documents.jsonl"
    stream.write_bytes(b"".join(line + b"\n" for line in lines))
    half, state = len(lines) // 2, tmp_path / "disk"

    assert _recovered(deployment, state) == 0
    deployment.publish(lines[:half])
    deployment.wait_until_consumed()
    assert deployment.workers[-1].stop() == 0
    warm = _recovered(deployment, state)
    deployment.workers[-1].kill()
    shutil.rmtree(state)
    cold = _recovered(deployment, state)
    deployment.publish(lines[half:])

    deployment.expect(expected_alerts(stream))
    assert warm < 20, "only what was written while it was away"
    assert cold >= VEHICLES / 2
