"""Questions about provinces: answered, passed on, or refused with what is allowed."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from detectors.alerts import Alert
from detectors.exports import ExportChange
from detectors.spikes.tally import Export
from streams.engine.province_aggregator import ProvinceAggregator, ProvinceMemoryError
from streams.service.province_pages import MOST_WEEKS, ProvincePages
from streams.service.settings import load_settings
from streams.setup.policy import load_policy

MONDAY = dt.date(2024, 1, 1).toordinal()
WEEKS, USUAL, SPIKE = 60, 5, 70
Client = TestClient[Any, Any]


TODAY = MONDAY + 7 * WEEKS - 1


def _counted() -> ProvinceAggregator:
    """Three provinces export evenly, and Guangdong far more in the last week but one."""
    book, number = ProvinceAggregator(load_policy(None)), 0
    for week in range(WEEKS):
        for province in ("CN-GD", "CN-ZJ", "CN-SH"):
            many = SPIKE if (province, week) == ("CN-GD", WEEKS - 2) else USUAL
            for place in range(many):
                day = MONDAY + 7 * week + place % 7
                export = Export(province=province, day=day, recorded_day=day, exporter=f"E{place % 7}")
                book.count([ExportChange(f"V{number}", None, export)])
                number += 1
    return book


@pytest.fixture(scope="module")
def book() -> ProvinceAggregator:
    book = _counted()
    book.judge(TODAY)
    return book


def _application(
    desk: object | None, url: str | None = None, token: str | None = None
) -> web.Application:
    owned = {1: SimpleNamespace(desk=None)}
    if desk is not None:
        owned[0] = SimpleNamespace(desk=desk)
    settings = load_settings(web_token=token)
    pages = ProvincePages(settings, SimpleNamespace(owned=owned), lambda: url)
    application = web.Application()
    application.router.add_get("/api/provinces/{code}", pages.province)
    return application


@pytest.fixture
async def counting(book: ProvinceAggregator) -> AsyncIterator[Client]:
    """The worker that counts."""
    desk = SimpleNamespace(book=book, caught_up=True)
    async with TestClient(TestServer(_application(desk))) as client:
        yield client


async def test_a_province_is_told_with_what_was_expected_and_its_alerts(counting: Client):
    told = await (await counting.get("/api/provinces/cn-gd?weeks=3")).json()

    assert (told["province"], told["name"]) == ("CN-GD", "Guangdong")
    assert [week["observed"] for week in told["weeks"]] == [USUAL, SPIKE, USUAL]
    assert [week["alarm"] for week in told["weeks"]] == [False, True, False]
    spike = told["weeks"][1]
    assert spike["monday"] == dt.date.fromordinal(MONDAY + 7 * (WEEKS - 2)).isoformat()
    assert spike["expected"] < spike["upper"] < SPIKE
    assert spike["p_value"] < 0.005
    assert [a["finding"]["detector"] for a in told["alerts"]] == ["province_export_spike"]
    assert str(SPIKE) in told["alerts"][0]["explanation"]


async def test_the_nation_and_a_quiet_province_are_told_too(counting: Client):
    nation = await (await counting.get("/api/provinces/CN")).json()
    quiet = await (await counting.get("/api/provinces/CN-XZ")).json()

    assert len(nation["weeks"]) == 12
    assert nation["weeks"][-2]["observed"] == SPIKE + 2 * USUAL
    assert (quiet["alerts"], {week["observed"] for week in quiet["weeks"]}) == ([], {0})


async def test_weeks_that_were_not_judged_say_so(counting: Client):
    told = await (await counting.get(f"/api/provinces/CN-GD?weeks={MOST_WEEKS}")).json()

    assert len(told["weeks"]) == WEEKS
    assert told["weeks"][0]["expected"] is None


@pytest.mark.parametrize("weeks", ["0", "-1", "521", "x", "", "1e2", "９"])
async def test_wrong_weeks_are_refused_with_what_is_allowed(counting: Client, weeks: str):
    answer = await counting.get("/api/provinces/CN-GD", params={"weeks": weeks})

    assert answer.status == 400
    assert "allowed: 1 to 520" in (await answer.json())["error"]


async def test_an_unknown_province_is_refused_with_what_there_is(counting: Client):
    answer = await counting.get("/api/provinces/GD")

    assert answer.status == 404
    assert "'GD'; there are: CN, CN-AH" in (await answer.json())["error"]


async def test_another_worker_passes_the_question_on_with_its_token(book: ProvinceAggregator):
    seen: list[str | None] = []

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        seen.append(request.headers.get("Authorization"))
        return await handler(request)

    counts = _application(SimpleNamespace(book=book, caught_up=True))
    counts.middlewares.append(note)
    async with TestServer(counts) as server:
        other = _application(None, str(server.make_url("")).rstrip("/"), token="secret")  # noqa: S106 - a test
        async with TestClient(TestServer(other)) as client:
            told = await client.get("/api/provinces/CN-GD?weeks=2")
            assert told.status == 200
            assert [w["observed"] for w in (await told.json())["weeks"]] == [SPIKE, USUAL]
    assert seen == ["Bearer secret"]


async def test_a_question_is_passed_on_once_only():
    async with TestServer(_application(None, "http://127.0.0.1:1")) as server:
        other = _application(None, str(server.make_url("")).rstrip("/"))
        async with TestClient(TestServer(other)) as client:
            answer = await client.get("/api/provinces/CN-GD")
            assert answer.status == 503
            assert "no worker counts" in (await answer.json())["error"]


@pytest.mark.parametrize(
    ("desk", "url", "said"),
    [
        (None, None, "no worker counts"),
        (None, "http://127.0.0.1:1", "http://127.0.0.1:1, does not answer"),
        (SimpleNamespace(caught_up=False), None, "still being read"),
    ],
)
async def test_what_cannot_be_answered_now_says_why(desk: object, url: str | None, said: str):
    async with TestClient(TestServer(_application(desk, url))) as client:
        answer = await client.get("/api/provinces/CN-GD")
        assert answer.status == 503
        assert said in (await answer.json())["error"]


def test_what_was_remembered_of_provinces_is_made_anew_from_the_alert_topic():
    book = _counted()
    with pytest.raises(ProvinceMemoryError, match="state drop --provinces"):
        book.remember(b"\xc1")
    told = msgspec.json.encode(book.judge(TODAY))
    published = msgspec.json.decode(told, type=list[Alert])
    assert published

    same = _counted()
    same.remember_alerts(published)
    assert same.judge(TODAY) == [], "nothing is told anew, and no revision goes back"
    without = ProvinceAggregator(load_policy(None))
    without.remember_alerts(published)
    ended = [(alert.alert_id, alert.state, alert.revision) for alert in without.judge(TODAY)]
    assert sorted(ended) == sorted((alert.alert_id, "resolved", 1) for alert in published)
