"""The web pages without a broker: health, the guard, bad questions."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from detectors import civil_time
from detectors.decoding import decode
from detectors.findings import Deadline, Finding
from detectors.registry import Catalogue
from detectors.wire import WireRegistration
from streams.engine.engine import Engine
from streams.engine.results import RawDocument
from streams.feeds.contract import examples
from streams.service.metrics import Metrics
from streams.service.observer import Observer
from streams.service.partition_store import MemoryBackend, PartitionStore
from streams.service.settings import load_settings
from streams.service.vehicle_view import as_published, finding_view
from streams.service.web import CONNECTION_SECONDS, MOST_CONNECTIONS, WebPages
from streams.setup.policy import load_policy

VIN = "LSVAA4182E2184847"


class Lag:
    """Says what the test wants about progress."""

    standing_still = False

    async def stalled(self) -> bool:
        return self.standing_still


@pytest.fixture
def worker() -> SimpleNamespace:
    metrics = Metrics()
    observer = Observer(metrics, {"t": "registration"}, 10)
    store = PartitionStore(MemoryBackend())
    engine = Engine(Catalogue(load_policy(None)), store)
    sales = [
        {"event_id": f"e{day}", "source": "s", "event_type": "registration", "kind": "transfer",
         "vin": VIN, "occurred_at": f"2025-01-{day:02d}"}
        for day in (1, 3)
    ]  # fmt: skip
    observer.result(0, engine.process([RawDocument(json.dumps(s).encode()) for s in sales]))
    partition = SimpleNamespace(store=store, ready=SimpleNamespace(is_set=lambda: True))
    partitions = SimpleNamespace(
        owned={0: partition}, assigned={0}, ready=True, recovered=True, troubles={}, held_back=0
    )
    return SimpleNamespace(partitions=partitions, lag=Lag(), metrics=metrics, observer=observer)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _pages(worker: SimpleNamespace, **settings: Any) -> WebPages:
    return WebPages(
        load_settings(**settings), partitions=worker.partitions, lag=worker.lag, metrics=worker.metrics,
        observer=worker.observer, desk_url=lambda: None,
    )  # fmt: skip


@pytest.fixture
async def client(worker: SimpleNamespace) -> AsyncIterator[TestClient[Any, Any]]:
    async with TestClient(TestServer(_pages(worker).application())) as client:
        yield client


async def test_health_follows_progress_and_readiness(
    client: TestClient[Any, Any], worker: SimpleNamespace
):
    assert (await client.get("/livez")).status == 200
    assert (await client.get("/readyz")).status == 200

    worker.lag.standing_still = True
    worker.partitions.ready = False

    assert (await client.get("/livez")).status == 503
    assert (await client.get("/readyz")).status == 503


async def test_readiness_names_the_partitions_whose_transactions_fail(
    client: TestClient[Any, Any], worker: SimpleNamespace
):
    worker.partitions.ready, worker.partitions.troubles = False, {3: "UnknownError"}

    answer = await client.get("/readyz")

    assert answer.status == 503
    assert (await answer.json())["failing"] == {"3": "UnknownError"}


async def test_metrics_are_prometheus_text(client: TestClient[Any, Any]):
    answer = await client.get("/metrics")

    assert answer.content_type == "text/plain"
    assert "zeromile_alert_changes_total{" in await answer.text()


async def test_alerts_are_filtered_newest_first(client: TestClient[Any, Any]):
    found = await (await client.get("/api/alerts?detector=double_sale")).json()
    none = await (await client.get("/api/alerts?state=resolved")).json()
    bad = await client.get("/api/alerts?limit=0")

    assert [alert["detector"] for alert in found] == ["double_sale"]
    assert none == []
    assert bad.status == 400
    assert "allowed: 1 to 1000" in (await bad.json())["error"]


async def test_alerts_of_a_rule_of_ones_own_can_be_asked_for(worker: SimpleNamespace):
    pages = WebPages(
        load_settings(), partitions=worker.partitions, lag=worker.lag, metrics=worker.metrics,
        observer=worker.observer, desk_url=lambda: None, detectors=("double_sale", "quick_export"),
    )  # fmt: skip
    async with TestClient(TestServer(pages.application())) as client:
        answer = await client.get("/api/alerts?detector=quick_export")
        assert (answer.status, await answer.json()) == (200, [])
        assert (await client.get("/api/alerts?detector=vin_quality")).status == 400


async def test_a_vehicle_is_shown_with_its_documents_and_alerts(client: TestClient[Any, Any]):
    found = await (await client.get(f"/api/vehicles/{VIN.lower()}")).json()
    missing = await client.get("/api/vehicles/UNKNOWN")

    assert [d["document"]["event_id"] for d in found["documents"]] == ["e1", "e3"]
    assert {a["state"] for a in found["alerts"]} == {"firing"}
    findings = {a["finding"]["detector"]: a["finding"] for a in found["alerts"]}
    assert findings["double_sale"]["occurred_at"] == "2025-01-03"
    assert [document["event_id"] for document in findings["double_sale"]["evidence"]] == ["e1", "e3"]
    assert missing.status == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/api/alerts?sate=firing", "detector, state, severity, limit"),
        ("/api/alerts?state=fired", "firing, resolved"),
        ("/api/alerts?severity=hihg", "low, medium, high, critical"),
        ("/api/alerts?detector=doublesale", "double_sale"),
        ("/api/alerts?limit=1_0", "1 to 1000"),
        ("/api/alerts?state=firing&state=resolved", "once"),
        (f"/api/vehicles/{VIN}?state=firing", "nothing"),
    ],
)
async def test_an_unknown_name_or_value_is_answered_with_what_is_allowed(
    client: TestClient[Any, Any], path: str, allowed: str
):
    answer = await client.get(path)
    assert answer.status == 400
    assert allowed in (await answer.json())["error"].partition("allowed: ")[2]


async def test_a_vehicle_is_told_in_the_words_of_the_contract(client: TestClient[Any, Any]):
    found = await (await client.get(f"/api/vehicles/{VIN}")).json()
    document = found["documents"][0]["document"]
    assert (document["event_type"], document["occurred_at"]) == ("registration", "2025-01-01")
    assert document.keys() <= set(WireRegistration.__struct_fields__) | {"event_type"}


@pytest.mark.parametrize(
    "document",
    [
        *examples(),
        {**examples()[0], "occurred_at": "2025-03-01T09:05:00+08:00", "price_cny": -5, "revision": 3},
    ],
    ids=["registration", "deregistration", "customs_export", "with_clock_time"],
)
def test_a_document_that_is_told_decodes_to_the_same_one(document: dict[str, Any]):
    held = decode(json.dumps(document).encode())
    told = decode(json.dumps(as_published(held)).encode())
    assert told == msgspec.structs.replace(held, dropped=())


def test_a_deadline_is_told_as_a_civil_day():
    deadline = Deadline("deregistration", civil_time.parse("2025-03-04").day)
    finding = Finding("d", "a", "2025-01-01", "low", 0.1, {}, (), {}, deadline)
    assert finding_view(finding)["deadline"] == {"feed": "deregistration", "last_day": "2025-03-04"}


async def test_a_vehicle_is_not_called_unknown_while_partitions_are_recovered(
    client: TestClient[Any, Any], worker: SimpleNamespace
):
    worker.partitions.recovered = False
    assert (await client.get(f"/api/vehicles/{VIN}")).status == 200, "its partition is there"
    worker.partitions.owned[0].ready.is_set = lambda: False
    answer = await client.get(f"/api/vehicles/{VIN}")
    assert answer.status == 503
    assert "recovered" in (await answer.json())["error"]


async def test_no_answer_is_kept_or_says_what_made_it(client: TestClient[Any, Any]):
    for path in ("/livez", "/metrics", "/api/alerts", "/nowhere"):
        answer = await client.get(path)
        assert (answer.headers["Server"], answer.headers["Cache-Control"]) == ("zeromile", "no-store")


async def test_the_token_guards_the_api_and_nothing_else(worker: SimpleNamespace):
    application = _pages(worker, web_token="right").application()  # noqa: S106 - a test
    async with TestClient(TestServer(application)) as client:
        assert (await client.get("/livez")).status == 200
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "right"}):
            refused = await client.get("/api/alerts", headers=given)
            assert refused.status == 401
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")
        allowed = {"Authorization": "Bearer right"}
        assert (await client.get("/api/alerts", headers=allowed)).status == 200


async def test_half_open_requests_do_not_pile_up(worker: SimpleNamespace, unused_port: int):
    pages = _pages(worker, web_port=unused_port)
    await pages.on_start()
    try:
        writers = []
        for _ in range(MOST_CONNECTIONS + 20):
            _, writer = await asyncio.open_connection("127.0.0.1", unused_port)
            writer.write(b"GET /livez HTTP/1.1\r\nHost:")
            writers.append(writer)
        assert pages._runner is not None
        assert pages._runner.server is not None
        for _ in range(500):
            if len(pages._runner.server.connections) == MOST_CONNECTIONS + 1:
                break
            await asyncio.sleep(0.01)
        assert len(pages._runner.server.connections) == MOST_CONNECTIONS + 1, "and the newest"
        pages.close_old_connections(time.monotonic())
        await asyncio.sleep(0.05)
        assert len(pages._runner.server.connections) == MOST_CONNECTIONS
        pages.close_old_connections(time.monotonic() + CONNECTION_SECONDS + 1)
        await asyncio.sleep(0.05)
        assert len(pages._runner.server.connections) == 0
        for writer in writers:
            writer.close()
    finally:
        await pages.on_stop()
