"""The pages: the same operations as the API, for people with a browser."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from streams.desk import operations, telling
from streams.desk.entrance import Page, back_to
from streams.desk.exporting import as_csv, as_json
from streams.desk.finding import place_of
from streams.desk.offering import Ask
from streams.desk.operations import ProvinceQuestion, SuppressionQuestion
from streams.desk.provenance import Provenance, count_store, provenance
from streams.desk.provinces import MOST_VEHICLES
from streams.desk.quality import QualityQuestion
from streams.desk.questions import LARGEST_PAGE, AlertQuestion, address_of, converted, question_of
from streams.desk.receivers import ReceiverMade
from streams.desk.rendering import render

_MOST_EXPORTED: Final = 10_000


async def now(_: web.Request, ask: Ask) -> web.Response:
    """How things stand."""
    found = await asyncio.to_thread(operations.show_now, ask)
    return render("now.html.j2", ask, now=found)


async def alerts(request: web.Request, ask: Ask) -> web.Response:
    """Alerts that answer the address."""
    question = question_of(dict(request.query))
    page = await asyncio.to_thread(operations.list_alerts, ask, question)
    usual = question == AlertQuestion()
    return render(
        "alerts.html.j2", ask, page=page, question=question, usual=usual,
        here=_address("/alerts", question, after=None),
        next=_address("/alerts", question, after=page.after) if page.after else None,
        csv=_address("/alerts.csv", question, after=None),
        json=_address("/alerts.json", question, after=None),
    )  # fmt: skip


async def csv(request: web.Request, ask: Ask) -> web.Response:
    """All that the address asks for, as a table for other programs."""
    body = as_csv(await _all(request, ask))
    return _file(body, "text/csv", "alerts.csv")


async def json(request: web.Request, ask: Ask) -> web.Response:
    """The same as JSON."""
    body = as_json(await _all(request, ask))
    return _file(body, "application/json", "alerts.json")


async def _all(request: web.Request, ask: Ask) -> list[Any]:
    question = question_of(dict(request.query) | {"limit": str(LARGEST_PAGE), "after": ""})
    rows: list[Any] = []
    while len(rows) < _MOST_EXPORTED:
        page = await asyncio.to_thread(operations.list_alerts, ask, question)
        rows += page.alerts
        if page.after is None:
            break
        question = question_of(address_of(question, after=page.after))
    return rows


async def alert(request: web.Request, ask: Ask) -> web.Response:
    """An alert and its case."""
    alert_id = request.match_info["alert_id"]
    found = await asyncio.to_thread(operations.show_alert, ask, alert_id)
    return render("alert.html.j2", ask, found=found)


async def vehicle(request: web.Request, ask: Ask) -> web.Response:
    """A vehicle."""
    found = await asyncio.to_thread(operations.show_vehicle, ask, request.match_info["vin"])
    return render("vehicle.html.j2", ask, found=found)


async def party(request: web.Request, ask: Ask) -> web.Response:
    """An owner, seller or exporter."""
    found = await asyncio.to_thread(operations.show_party, ask, request.match_info["party_id"])
    return render("party.html.j2", ask, found=found)


async def province(request: web.Request, ask: Ask) -> web.Response:
    """A province."""
    question = ProvinceQuestion(request.query.get("detector") or None)
    found = await asyncio.to_thread(
        operations.show_province, ask, request.match_info["province"], question
    )
    return render("province.html.j2", ask, found=found, most_vehicles=MOST_VEHICLES)


async def exceptions(request: web.Request, ask: Ask) -> web.Response:
    """What is kept quiet, with a form for more; its fields may stand in the address."""
    versions = request.query.get("versions") == "true"
    found = await asyncio.to_thread(operations.list_suppressions, ask, SuppressionQuestion(versions))
    return render(
        "exceptions.html.j2", ask, found=found.suppressions, versions=versions, given=request.query
    )


async def detectors(request: web.Request, ask: Ask) -> web.Response:
    """How good each detector is."""
    question = converted(dict(request.query), QualityQuestion)
    found = await asyncio.to_thread(operations.show_quality, ask, question)
    return render("detectors.html.j2", ask, found=found, question=question)


async def provenance_page(_: web.Request, ask: Ask) -> web.Response:
    """By what the alerts were judged, and the log."""
    found = await asyncio.to_thread(_provenance, ask)
    return render("provenance.html.j2", ask, found=found)


async def receivers(_: web.Request, ask: Ask) -> web.Response:
    """Who is told of alerts, with a form for more."""
    return await show_receivers(ask)


async def show_receivers(
    ask: Ask, *, made: ReceiverMade | None = None, again: int | None = None
) -> web.Response:
    """Who is told of alerts, after a new one was added or some messages wait again."""
    ask.person.must_be("admin")
    found = await asyncio.to_thread(telling.list_receivers, ask)
    return render("receivers.html.j2", ask, found=found.receivers, made=made, again=again)


def _provenance(ask: Ask) -> Provenance:
    counted = ask.around.kept.get("counted", partial(count_store, ask.engine), ask.now)
    return provenance(ask.engine, counted, ask.now)


async def find(request: web.Request, ask: Ask) -> web.Response:
    """Go to the vehicle, province, party or alert that is named; else to alerts that say so."""
    what = request.query.get("what", "").strip()[:200]
    raise web.HTTPSeeOther(await asyncio.to_thread(place_of, ask.engine, what))


def fault(request: web.Request, status: int, title: str, detail: str) -> web.Response:
    """Say what went wrong on a page of its own."""
    back = back_to(request.path) if request.method == "POST" else "/"
    return render("fault.html.j2", None, status=status, title=title, detail=detail, back=back)


def _address(path: str, question: AlertQuestion, **changes: Any) -> str:
    parts = urlencode(address_of(question, **changes))
    return f"{path}?{parts}" if parts else path


def _file(body: bytes, content_type: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)


READING: Final[tuple[tuple[str, Page], ...]] = (
    ("/", now),
    ("/alerts", alerts),
    ("/alerts.csv", csv),
    ("/alerts.json", json),
    ("/alerts/{alert_id}", alert),
    ("/vehicles/{vin}", vehicle),
    ("/parties/{party_id}", party),
    ("/provinces/{province}", province),
    ("/detectors", detectors),
    ("/exceptions", exceptions),
    ("/provenance", provenance_page),
    ("/receivers", receivers),
    ("/find", find),
)
