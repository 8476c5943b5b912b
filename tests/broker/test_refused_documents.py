"""Poison never stops a partition, and every refused record can be seen and sent again."""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer
from typer.testing import CliRunner

from streams.cli import app
from streams.desk.installation import look_at_installation
from streams.kafka.blocking_clients import opened
from streams.setup.clock import utc_now
from tests.broker.deployment import Deployment, wait_for
from tests.broker.test_smoke import _kcat

pytestmark = [pytest.mark.broker, pytest.mark.slow]

VIN = "LSVAA4182E2184847"


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Iterator[Deployment]:
    deployment = Deployment(bootstrap_servers, prefix, tmp_path, partitions=1)
    worker = deployment.start_worker()
    wait_for(lambda: worker.ready, 60, "worker not ready", deployment.logs)
    yield deployment
    deployment.close()


def _sale(number: int, vin: str = VIN) -> bytes:
    document = {
        "event_id": f"e{number}", "source": "registry", "event_type": "registration",
        "kind": "transfer", "vin": vin, "occurred_at": f"2025-03-{number:02d}",
        "owner_id": f"owner{number}",
    }  # fmt: skip
    return json.dumps(document).encode()


Record = tuple[bytes | None, bytes | None]


def _poison() -> list[Record]:
    rng = random.Random(7)
    key = VIN.encode()
    return [
        (key, None),
        (key, b""),
        (key, rng.randbytes(300)),
        (key, b"[" * 60_000),
        (key, b"x" * (64 * 1024 + 1)),
        (key, b'{"event_type":"registration"}'),
        (key, _sale(1).replace(b"2025-03-01", b"2025-13-01")),
        (b"WRONG", _sale(2)),
        (key.lower(), _sale(3)),
        (None, _sale(4)),
        (b"\xff\xfe", b"\x00\x01"),
    ]


HEADERS = [("from", b"t"), ("ce_specversion", b"1.0"), ("ce_id", b"1"), ("ce_type", b"register.sale"),
           ("ce_source", b"/register"), ("content-type", b"application/json")]  # fmt: skip


def _publish(deployment: Deployment, records: list[Record]) -> None:
    with opened(KafkaProducer, deployment.settings) as producer:
        for key, value in records:
            producer.send(deployment.names.documents[0], key=key, value=value, headers=HEADERS)
        producer.flush()


def _run(deployment: Deployment, *arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), env=deployment.environment)
    assert result.exit_code == 0, result.output
    return result.output


def test_poison_is_put_aside_unchanged_and_the_rest_is_judged(deployment: Deployment):
    poison = _poison()
    good = [(VIN.encode(), _sale(10)), (VIN.encode(), _sale(12))]
    _publish(deployment, [good[0], *poison, good[1]])
    deployment.wait_until_consumed()

    letters = deployment.read_all(deployment.names.dead_letters)
    about = [dict(letter.headers) for letter in letters]

    assert Counter((r.key, r.value) for r in letters) == Counter(poison)
    assert all(letter.headers[: len(HEADERS)] == HEADERS for letter in letters)
    assert [int(headers["dlq.original.offset"]) for headers in about] == list(range(1, 12))
    assert Counter(headers["dlq.error.class"].decode() for headers in about) == {
        "not_json": 4, "too_deep": 1, "oversize": 1, "missing_field": 1,
        "impossible_time": 1, "wrong_key": 3,
    }  # fmt: skip
    assert [a["detector"] for a in deployment.firing().values()].count("double_sale") == 1
    for told in deployment.read_all(deployment.names.alerts):
        alert, headers = json.loads(told.value), dict(told.headers)
        assert headers["ce_id"] == f"{alert['alert_id']}.{alert['revision']}".encode()
        assert headers["ce_type"] == b"zeromile.alert.firing.v1"


def test_letters_are_listed_shown_and_sent_again_without_counting_twice(deployment: Deployment):
    _publish(deployment, [(b"WRONG", _sale(10)), (VIN.encode(), _sale(12)), (VIN.encode(), b"{")])
    deployment.wait_until_consumed()
    topic = deployment.names.documents[0]

    assert "wrong_key" in _run(deployment, "dead-letters", "list")
    shown = _run(deployment, "dead-letters", "show", f"{topic}/0/0")
    assert "dlq.error.class: wrong_key" in shown
    assert _sale(10).decode() in shown
    assert "sent 1" in _run(deployment, "dead-letters", "redrive", "--reason=wrong_key", "--rekey")
    deployment.wait_until_consumed()
    firing = deployment.firing()
    assert "double_sale" in {alert["detector"] for alert in firing.values()}
    assert "wrong_key" not in _run(deployment, "dead-letters", "list")
    again = _run(deployment, "dead-letters", "redrive", "--reason=wrong_key", "--rekey")
    assert "sent 0" in again, "every letter is sent once"
    deployment.wait_until_consumed()

    assert deployment.firing() == firing
    worker = deployment.workers[0]
    assert worker.metric("zeromile_documents_total", outcome="accepted") == 2
    assert worker.metric("zeromile_documents_total", outcome="duplicate") == 0
    assert worker.metric("zeromile_documents_total", outcome="dead_lettered") == 2


def test_the_owning_worker_is_found_and_alerts_are_read_by_any_client(deployment: Deployment):
    _publish(deployment, [(VIN.encode(), _sale(10)), (VIN.encode(), _sale(12))])
    deployment.wait_until_consumed()

    vehicle = json.loads(_run(deployment, "vehicle", VIN.lower()))
    listed = [json.loads(line) for line in _run(deployment, "alerts", "list", "--json").splitlines()]
    doctor = _run(deployment, "doctor")
    kcat = subprocess.run(  # noqa: S603 - fixed arguments
        [_kcat(), "-b", deployment.settings.bootstrap_servers, "-C", "-e", "-q",
         "-t", deployment.names.alerts, "-f", "%k %s\n"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout.splitlines()  # fmt: skip

    assert [document["document"]["event_id"] for document in vehicle["documents"]] == ["e10", "e12"]
    assert {"double_sale"} <= {alert["detector"] for alert in listed}
    assert "1 worker(s) share 1 partitions" in doctor
    found = look_at_installation(deployment.settings, utc_now()).found
    told = "\n".join(one.what for one in found)
    assert "1 worker(s) share 1 partitions" in told
    assert "no dead letter" in told
    assert "documents wait" in told
    assert "registration documents of" in told
    read = [line.split(" ", 1) for line in kcat]
    assert all(json.loads(value)["alert_id"] == key for key, value in read)
    assert {key for key, _ in read} == {alert["alert_id"] for alert in listed}
