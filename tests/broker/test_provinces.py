"""Provincial spikes on Kafka are those of an embedded replay, through a change of owner too."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from detectors.registry import Catalogue
from streams.backfill.replay import Replay
from streams.service.province_view import province_view
from streams.setup.policy import load_policy
from tests.broker.deployment import Deployment, WorkerProcess, expected_alerts, wait_for

pytestmark = [pytest.mark.broker, pytest.mark.slow]

MONDAY = dt.date(2023, 1, 2)
WEEKS, SPIKE_WEEK, USUAL, SPIKE = 80, 74, 4, 60
PROVINCES = ("CN-GD", "CN-ZJ", "CN-SH")


def _exports() -> list[bytes]:
    rng = random.Random(5)
    documents = []
    for week in range(WEEKS):
        for province in PROVINCES:
            sudden = week == SPIKE_WEEK and province == PROVINCES[0]
            for _ in range(SPIKE if sudden else USUAL):
                day = MONDAY + dt.timedelta(weeks=week, days=rng.randrange(7))
                documents.append((day, _document(len(documents), province, day)))
    documents.sort(key=lambda document: document[0])
    lines = [json.dumps(document).encode() for _, document in documents]
    withdrawn = [p | {"revision": 1, "status": "void"} for _, p in rng.sample(documents, 20)]
    return lines + [json.dumps(document).encode() for document in withdrawn]


def _document(number: int, province: str, day: dt.date) -> dict[str, object]:
    return {
        "event_id": f"x{number}", "source": "customs", "event_type": "customs_export",
        "vin": f"LSVTEST00{number:08d}", "occurred_at": day.isoformat(),
        "declaration_no": f"D{number}", "exporter_id": f"E{number % 7}",
        "exporter_province": province, "destination": "AE", "condition": "used",
    }  # fmt: skip


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(bootstrap_servers, prefix, tmp_path, partitions=3)
    yield deployment
    deployment.close()


def test_spikes_survive_the_worker_that_counts(deployment: Deployment, tmp_path: Path):
    lines = _exports()
    stream = tmp_path / "exports.jsonl"
    stream.write_bytes(b"".join(line + b"\n" for line in lines))
    expected = expected_alerts(stream)
    spikes = [a for a in expected.values() if a["subject_type"] == "province"]
    assert "CN-GD" in {alert["subject"] for alert in spikes}

    first = deployment.start_worker()
    wait_for(lambda: first.ready, 60, "worker not ready", deployment.logs)
    deployment.publish(lines[: len(lines) * 19 // 20])
    deployment.wait_until_consumed()
    wait_for(
        lambda: first.metric("zeromile_alert_changes_total", detector="province_export_spike") > 0,
        60, "no spike", deployment.logs,
    )  # fmt: skip
    first.kill()
    second, third = deployment.start_worker(), deployment.start_worker()
    deployment.publish(lines[len(lines) * 19 // 20 :])

    deployment.expect(expected)
    _whoever_is_asked_answers([second, third], stream, spikes)


def _whoever_is_asked_answers(
    workers: list[WorkerProcess], stream: Path, spikes: list[dict[str, Any]]
) -> None:
    """Also a worker that does not count the provinces itself says what a replay says."""
    embedded = Replay(Catalogue(load_policy(None)))
    embedded.run([stream])
    weeks = json.loads(json.dumps(province_view(embedded.provinces, "CN-GD", weeks=20)["weeks"]))
    alerts = {alert["alert_id"] for alert in spikes if alert["subject"] == "CN-GD"}
    for worker in workers:
        # The counts are judged a moment after the last of them.
        wait_for(lambda w=worker: _told(w) == (200, weeks, alerts), 60, "another answer")


def _told(worker: WorkerProcess) -> tuple[int, object, set[str]]:
    status, body = worker.get("/api/provinces/cn-gd?weeks=20")
    answer = json.loads(body) if status == 200 else {"weeks": [], "alerts": []}
    return status, answer["weeks"], {alert["alert_id"] for alert in answer["alerts"]}
