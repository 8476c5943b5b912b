"""Whatever the partitions and workers, the alerts on Kafka are those of an embedded replay."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.feeds.reading import read_lines
from tests.broker.deployment import Deployment, expected_alerts, wait_for
from tests.broker.documents import document_stream

pytestmark = [pytest.mark.broker, pytest.mark.slow]

AIRCRAFT = Path(__file__).parents[3] / "shared" / "data" / "aircraft_sales.jsonl.gz"


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("documents") / "documents.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in document_stream(seed=1, vehicles=2000)))
    return path


@pytest.fixture(scope="session")
def aircraft() -> Path:
    if not AIRCRAFT.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{AIRCRAFT} is not there")
        pytest.skip(f"{AIRCRAFT} IS NOT THERE: parity on real documents was not checked")
    return AIRCRAFT


@pytest.fixture
def deploy(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[type[Deployment] | object]:
    made: list[Deployment] = []

    def make(**options: object) -> Deployment:
        made.append(Deployment(bootstrap_servers, prefix, tmp_path, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for deployment in made:
        deployment.close()


def _check(deployment: Deployment, path: Path, workers: int) -> None:
    lines = [line.value for line in read_lines(path)]
    started = [deployment.start_worker() for _ in range(workers)]
    wait_for(lambda: all(w.ready for w in started), 60, "workers not ready", deployment.logs)
    deployment.publish(lines)

    deployment.expect(expected_alerts(path))

    counted = sum(w.metric("zeromile_documents_total") for w in started)
    assert counted == len(lines)
    assert [w.stop() for w in started] == [0] * workers


@pytest.mark.parametrize(("partitions", "workers"), [(1, 1), (3, 2), (8, 1), (8, 2)])
def test_simulated_documents(deploy, documents: Path, partitions: int, workers: int):
    _check(deploy(partitions=partitions), documents, workers)


@pytest.mark.parametrize(("partitions", "workers"), [(1, 1), (3, 1), (8, 2)])
def test_real_aircraft_sales(deploy, aircraft: Path, partitions: int, workers: int):
    _check(deploy(partitions=partitions), aircraft, workers)
