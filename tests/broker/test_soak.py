"""Half an hour of load, by option (`--soak 30`): flat memory, nothing piles up, nothing is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pytest

from tests.broker.deployment import Deployment, WorkerProcess, expected_alerts, wait_for
from tests.broker.documents import document_stream

VEHICLES = 2_000
DOCUMENTS_A_SECOND = 400
MOST_WAITING = 60 * DOCUMENTS_A_SECOND
"""A minute of documents; what piles up passes it soon."""
MOST_GROWTH = 1.10
"""Memory of the last third of the run over that of the second; the first fills caches."""

pytestmark = [pytest.mark.broker, pytest.mark.timeout(4 * 3600)]


class Sample(NamedTuple):
    """The worker at one moment."""

    memory_bytes: float
    waiting: float


@pytest.fixture
def minutes(request: pytest.FixtureRequest) -> float:
    minutes: float = request.config.getoption("--soak")
    if not minutes:
        pytest.skip("a load of many minutes, by option: --soak 30")
    return minutes


@pytest.fixture
def deployment(
    minutes: float, bootstrap_servers: str, prefix: str, tmp_path: Path
) -> Iterator[Deployment]:
    deployment = Deployment(
        bootstrap_servers, prefix, tmp_path, partitions=4, ZEROMILE_STATE_STORE="rocksdb"
    )
    yield deployment
    deployment.close()


def test_memory_is_flat_and_nothing_piles_up(deployment: Deployment, minutes: float, tmp_path: Path):
    documents = _documents()
    worker = deployment.start_worker()
    wait_for(lambda: worker.ready, 60, "worker not ready", deployment.logs)
    ends, samples = time.monotonic() + 60 * minutes, list[Sample]()
    for revision in count():
        amended = [_amended(document, revision) for document in documents]
        for start in range(0, len(amended), DOCUMENTS_A_SECOND):
            began = time.monotonic()
            deployment.publish(amended[start : start + DOCUMENTS_A_SECOND])
            samples.append(_look(worker))
            time.sleep(max(0.0, began + 1.0 - time.monotonic()))
        if time.monotonic() > ends:
            break

    stream = tmp_path / "last.jsonl"
    stream.write_bytes(b"".join(line + b"\n" for line in amended))
    deployment.expect(expected_alerts(stream))
    _tell(samples, revision)
    third = len(samples) // 3
    middle, last = samples[third : 2 * third], samples[2 * third :]
    assert max(sample.waiting for sample in samples) < MOST_WAITING
    assert _memory(last) < MOST_GROWTH * _memory(middle)
    assert worker.stop() == 0


def _documents() -> list[dict[str, Any]]:
    """The documents of a country that stays as large as it is."""
    readable = []
    for line in document_stream(seed=13, vehicles=VEHICLES):
        try:
            readable.append(json.loads(line))
        except ValueError:
            continue
    return [p for p in readable if isinstance(p, dict) and "vin" in p and p.get("revision", 0) == 0]


def _amended(document: dict[str, Any], revision: int) -> bytes:
    """Another content each time: odometers and prices go up and down, and alerts with them."""
    changed = document | {"revision": revision}
    for field, other in (("odometer_km", 20_000), ("price_cny", 250_000)):
        if field in document and revision % 2:
            changed[field] = other
    return json.dumps(changed).encode()


def _look(worker: WorkerProcess) -> Sample:
    status = Path(f"/proc/{worker.pid}/status").read_text("utf-8")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return Sample(int(kilobytes) * 1024.0, worker.metric("zeromile_consumer_lag_documents"))


def _memory(samples: list[Sample]) -> float:
    return median(sample.memory_bytes for sample in samples)


def _tell(samples: list[Sample], rounds: int) -> None:
    tenth = max(1, len(samples) // 10)
    memory = [round(_memory(samples[n : n + tenth]) / 2**20) for n in range(0, len(samples), tenth)]
    waiting = max(sample.waiting for sample in samples)
    print(f"{rounds + 1} rounds, MiB {memory}, most waiting {waiting:.0f}")  # noqa: T201 - with -s
