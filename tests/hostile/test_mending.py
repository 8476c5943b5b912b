"""What people do to set right what a record did: look, lower, drop, send again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.service.province_desk import MEMORY_KEY
from tests.broker.deployment import Deployment, wait_for
from tests.hostile.hostile_records import HostileRecord, registration, send

pytestmark = [pytest.mark.broker, pytest.mark.slow]

VIN, OTHER = "LSVHOST0000000001", "LSVHOST0000000002"
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(bootstrap_servers, prefix, tmp_path, partitions=1)
    worker = deployment.start_worker()
    wait_for(lambda: worker.ready, 180, "worker not ready", deployment.logs)
    yield deployment
    deployment.close()


def _run(deployment: Deployment, *arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments), env=deployment.environment | {"COLUMNS": "250"})
    assert result.exit_code == status, result.output
    return result.output


def _send(deployment: Deployment, *records: HostileRecord) -> None:
    send(deployment.settings, deployment.names.documents, records)
    deployment.wait_until_consumed()


def test_a_source_that_ran_ahead_is_taken_back(deployment: Deployment):
    _send(deployment, HostileRecord(VIN.encode(), registration(VIN, "2025-03-01")))
    _send(deployment, HostileRecord(OTHER.encode(), registration(OTHER, "2062-03-01")))
    shown = _run(deployment, "watermarks", "show")
    assert "registry" in shown
    assert "2062" not in shown, "no source is ahead of the wall clock"
    _run(deployment, "watermarks", "lower", "registration", "nobody", "--to", "2025-03-01", status=2)
    _run(deployment, "watermarks", "lower", "registration", "registry", "--to", "2025-03-01")
    assert "2025-03-01" in _run(deployment, "watermarks", "show")
    worker = deployment.workers[0]
    name = "zeromile_watermark_timestamp_seconds"
    wait_for(lambda: worker.metric(name, source="registry") < 1.75e9, 30, "worker has not followed")
    worker.kill()
    again = deployment.start_worker()
    wait_for(lambda: again.ready, 60, "worker not ready", deployment.logs)
    wait_for(lambda: 0 < again.metric(name, source="registry") < 1.75e9, 30, "it was raised again")
    _send(deployment, HostileRecord(VIN.encode(), registration(VIN, "2025-06-01")))
    assert "2025-06-01" in _run(deployment, "watermarks", "show")


def test_an_unreadable_record_is_named_taken_out_and_dropped(deployment: Deployment, tmp_path: Path):
    for vin in (VIN, OTHER):
        _send(deployment, HostileRecord(vin.encode(), registration(vin, "2025-03-01")))
    assert json.loads(_run(deployment, "state", "show", VIN))["documents"]
    _run(deployment, "state", "drop", VIN, "--yes", status=2)
    deployment.workers[0].stop()
    before = _last_revisions(deployment)
    assert before, "the number has a wrong check digit"
    bad = [HostileRecord(VIN.encode(), b"\xff"), HostileRecord(MEMORY_KEY, b"\xc1")]
    send(deployment.settings, (deployment.names.vehicles,), bad)
    shown = _run(deployment, "state", "show", status=1)
    assert f"{VIN}: not a vehicle record" in shown
    assert "what the changelog remembers of the provinces cannot be read" in shown
    diagnosed = _run(deployment, "doctor", status=1)
    assert f"{VIN}: not a vehicle record" in diagnosed
    assert "`zeromile state drop --provinces`" in " ".join(diagnosed.split())
    _run(deployment, "state", "export", "--out", str(tmp_path / "state.jsonl"))
    exported = [json.loads(line) for line in (tmp_path / "state.jsonl").read_text().splitlines()]
    assert [entry["vin"] for entry in exported if "fault" in entry] == [VIN]
    _run(deployment, "state", "drop", VIN, status=2)
    _run(deployment, "state", "drop", VIN, "--yes")
    _run(deployment, "state", "drop", "--provinces", status=2)
    _run(deployment, "state", "drop", status=2)
    _run(deployment, "state", "drop", "--provinces", "--yes")
    assert "2 vehicles, 0 of them" in _run(deployment, "state", "show"), "one is what was said of it"
    worker = deployment.start_worker()
    wait_for(lambda: worker.ready, 180, "worker not ready", deployment.logs)

    def resolved() -> bool:
        now = _last_revisions(deployment)
        return all(now[one] == ("resolved", revision + 1) for one, (_, revision) in before.items())

    wait_for(resolved, 60, "what stood of the dropped vehicle still stands", deployment.logs)
    _send(deployment, HostileRecord(VIN.encode(), registration(VIN, "2025-03-01")))
    wait_for(
        lambda: all(state == "firing" for state, _ in _last_revisions(deployment).values()),
        60, "its document came again, and nothing is said", deployment.logs,
    )  # fmt: skip


def _last_revisions(deployment: Deployment) -> dict[str, tuple[str, int]]:
    """State and revision of every alert about the vehicle, by id; revisions only ever grow."""
    last: dict[str, tuple[str, int]] = {}
    for record in deployment.read_all(deployment.names.alerts):
        alert = json.loads(record.value)
        if alert["subject"] == VIN:
            assert alert["revision"] > last.get(alert["alert_id"], ("", -1))[1]
            last[alert["alert_id"]] = alert["state"], alert["revision"]
    return last


def test_a_poisoned_redrive_does_not_grow_and_texts_do_not_steer(deployment: Deployment):
    steering = HostileRecord(
        b"\x1b]52;c;aGk=\x07[/B]", b'{"vin": "\\u001b[2J[/B]", "x": 1}', partition=0
    )
    _send(deployment, *[steering] * 3)
    for attempt in range(1, 4):
        said = _run(deployment, "dead-letters", "redrive")
        assert "sent 3, left 0, not confirmed 0" in said, attempt
        deployment.wait_until_consumed()
    assert "sent 0, left 3" in _run(deployment, "dead-letters", "redrive")
    listed = _run(deployment, "dead-letters", "list")
    assert listed.count("missing_field") + listed.count("registrations.v1/0/") >= 3
    letter = f"{deployment.names.documents[0]}/0/11"
    for said in (listed, _run(deployment, "dead-letters", "show", letter)):
        assert not STEERING.search(said)
    assert r"\x1b]52;c;aGk=\x07[/B]" in said
