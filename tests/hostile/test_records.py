"""No record stops its partition, whatever its size, its key, its headers or its time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.broker.deployment import Deployment, wait_for
from tests.hostile.hostile_records import AnyBytes, HostileRecord, registration, send

pytestmark = [pytest.mark.broker, pytest.mark.slow]

VINS = [f"LSVHOST00{number:08d}" for number in range(5)]
LARGEST = 1024 * 1024 - 150
"""What a broker takes in one record of its default settings, roughly."""


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(bootstrap_servers, prefix, tmp_path, partitions=1)
    worker = deployment.start_worker()
    wait_for(lambda: worker.ready, 180, "worker not ready", deployment.logs)
    yield deployment
    deployment.close()


def _good(deployment: Deployment, day: str) -> None:
    send(
        deployment.settings,
        deployment.names.documents,
        [HostileRecord(vin.encode(), registration(vin, day)) for vin in VINS],
    )


def _vehicles(deployment: Deployment) -> float:
    return deployment.workers[0].metric("zeromile_vehicles")


def _hostile() -> list[HostileRecord]:
    rng = random.Random(3)
    key = VINS[0].encode()
    return [
        HostileRecord(key, rng.randbytes(LARGEST)),
        HostileRecord(rng.randbytes(LARGEST), b"{}", partition=0),
        HostileRecord(key, b"{", (("h", rng.randbytes(LARGEST)),)),
        HostileRecord(key, b"{", tuple((f"h{number}", b"x") for number in range(60_000))),
        HostileRecord(key, b"{", ((AnyBytes(b"\xff\xfe"), b"x"), ("", b""))),
        HostileRecord(key, registration(VINS[0], "2025-03-02"), ((AnyBytes(b"\x80"), b""),)),
    ]


def test_a_record_of_any_size_and_with_any_header_is_put_aside(deployment: Deployment):
    _good(deployment, "2025-03-01")
    deployment.wait_until_consumed()
    assert _vehicles(deployment) == len(VINS)
    for record in _hostile():
        send(deployment.settings, deployment.names.documents, [record])
        deployment.wait_until_consumed()
        assert deployment.workers[0].ready
    letters = deployment.read_all(deployment.names.dead_letters)
    assert len(letters) == len(_hostile()) - 1
    sizes = [dict(letter.headers)["dlq.original.size"] for letter in letters]
    assert sizes == [str(LARGEST).encode(), b"2", b"1", b"1", b"1"]
    assert deployment.restarts == 0
    assert _vehicles(deployment) == len(VINS)
