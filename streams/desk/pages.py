"""The pages: the same operations as the API, for people with a browser."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from functools import partial
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote, urlencode

import sqlalchemy as sa
from aiohttp import web

from streams.desk import operations
from streams.desk.api import check_text
from streams.desk.asking import LARGEST_PAGE, AlertQuestion, address_of, converted, question_of
from streams.desk.errors import DeskError, NotSignedInError
from streams.desk.exporting import as_csv, as_json
from streams.desk.finding import place_of
from streams.desk.following import Follower
from streams.desk.forms import action_of, alerts_ticked, suppression_of
from streams.desk.limits import RateLimit
from streams.desk.operations import Ask, ManyActions, ProvinceQuestion, SuppressionQuestion
from streams.desk.provenance import provenance
from streams.desk.quality import QualityQuestion
from streams.desk.rendering import render
from streams.desk.tokens import Person, person_of_session, person_of_token, sign_in, sign_out
from streams.setup.clock import utc_now

COOKIE: Final = "zeromile_desk"
TICKET_SECONDS: Final = 600.0
_HEARTBEAT_SECONDS: Final = 20.0
_SIGN_IN_TRIES: Final = 10
_MOST_EXPORTED: Final = 10_000

Page = Callable[[web.Request, Ask], Awaitable[web.StreamResponse]]


class Pages:
    """Every page, and who may see it.

    Parameters
    ----------
    engine
        The store.
    follower
        Knows of new alerts.
    secure
        Whether the cookie is for HTTPS only.
    ticket
        Lets the first person in without a token, once.
    """

    def __init__(
        self, engine: sa.Engine, follower: Follower, *, secure: bool, ticket: str | None
    ) -> None:
        self._engine = engine
        self._follower = follower
        self._secure = secure
        self._ticket = ticket
        self._ticket_ends = time.monotonic() + TICKET_SECONDS
        self._tries = RateLimit(burst=_SIGN_IN_TRIES, per_second=0.2)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Take the pages' places in an application."""
        for path, page in (
            ("/", self.now),
            ("/alerts", self.alerts),
            ("/alerts.csv", self.csv),
            ("/alerts.json", self.json),
            ("/alerts/{alert_id}", self.alert),
            ("/vehicles/{vin}", self.vehicle),
            ("/parties/{party_id}", self.party),
            ("/provinces/{province}", self.province),
            ("/detectors", self.detectors),
            ("/exceptions", self.exceptions),
            ("/provenance", self.provenance),
            ("/find", self.find),
            ("/events", self.events),
        ):
            router.add_get(path, self._for_people(page))
        for path, page in (
            ("/alerts", self.act_on_many),
            ("/alerts/{alert_id}", self.act),
            ("/exceptions", self.add_exception),
            ("/exceptions/{suppression_id}", self.withdraw),
            ("/sign-out", self.sign_out),
        ):
            router.add_post(path, self._for_forms(page))
        router.add_get("/sign-in", self.sign_in_page)
        router.add_post("/sign-in", self.sign_in)
        router.add_get("/static/{name}", static)

    def _for_people(self, page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            check_text((*request.query.values(), *request.match_info.values()))
            person = await asyncio.to_thread(self._person, request)
            return await page(request, Ask(self._engine, person, utc_now()))

        return handle

    def _for_forms(self, page: Page) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            _refuse_other_sites(request)
            person = await asyncio.to_thread(self._person, request)
            form = await request.post()
            check_text(value for value in form.values() if isinstance(value, str))
            given = str(form.get("form_key", ""))
            if not hmac.compare_digest(given.encode(), (person.form_key or "").encode()):
                raise _ForeignFormError("the form is not of this session; load the page again")
            return await page(request, Ask(self._engine, person, utc_now()))

        return handle

    def _person(self, request: web.Request) -> Person:
        secret = request.cookies.get(COOKIE)
        if not secret:
            raise NotSignedInError("you are not signed in")
        return person_of_session(self._engine, secret, utc_now())

    # ------------------------------------------------------------------ reading

    async def now(self, _: web.Request, ask: Ask) -> web.Response:
        """How things stand."""
        found = await asyncio.to_thread(operations.show_now, ask)
        return render("now.html.j2", ask, now=found)

    async def alerts(self, request: web.Request, ask: Ask) -> web.Response:
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

    async def csv(self, request: web.Request, ask: Ask) -> web.Response:
        """All that the address asks for, as a table for other programs."""
        body = as_csv(await self._all(request, ask))
        return _file(body, "text/csv", "alerts.csv")

    async def json(self, request: web.Request, ask: Ask) -> web.Response:
        """The same as JSON."""
        body = as_json(await self._all(request, ask))
        return _file(body, "application/json", "alerts.json")

    async def _all(self, request: web.Request, ask: Ask) -> list[Any]:
        question = question_of(dict(request.query) | {"limit": str(LARGEST_PAGE), "after": ""})
        rows: list[Any] = []
        while len(rows) < _MOST_EXPORTED:
            page = await asyncio.to_thread(operations.list_alerts, ask, question)
            rows += page.alerts
            if page.after is None:
                break
            question = question_of(address_of(question, after=page.after))
        return rows

    async def alert(self, request: web.Request, ask: Ask) -> web.Response:
        """An alert and its case."""
        alert_id = request.match_info["alert_id"]
        found = await asyncio.to_thread(operations.show_alert, ask, alert_id)
        return render("alert.html.j2", ask, found=found)

    async def vehicle(self, request: web.Request, ask: Ask) -> web.Response:
        """A vehicle."""
        found = await asyncio.to_thread(operations.show_vehicle, ask, request.match_info["vin"])
        return render("vehicle.html.j2", ask, found=found)

    async def party(self, request: web.Request, ask: Ask) -> web.Response:
        """An owner, seller or exporter."""
        found = await asyncio.to_thread(operations.show_party, ask, request.match_info["party_id"])
        return render("party.html.j2", ask, found=found)

    async def province(self, request: web.Request, ask: Ask) -> web.Response:
        """A province."""
        question = ProvinceQuestion(request.query.get("detector") or None)
        found = await asyncio.to_thread(
            operations.show_province, ask, request.match_info["province"], question
        )
        return render("province.html.j2", ask, found=found)

    async def exceptions(self, request: web.Request, ask: Ask) -> web.Response:
        """What is kept quiet, with a form for more; its fields may stand in the address."""
        versions = request.query.get("versions") == "true"
        found = await asyncio.to_thread(
            operations.list_suppressions, ask, SuppressionQuestion(versions)
        )
        return render(
            "exceptions.html.j2", ask, found=found.suppressions, versions=versions, given=request.query
        )

    async def detectors(self, request: web.Request, ask: Ask) -> web.Response:
        """How good each detector is."""
        question = converted(dict(request.query), QualityQuestion)
        found = await asyncio.to_thread(operations.show_quality, ask, question)
        return render("detectors.html.j2", ask, found=found, question=question)

    async def provenance(self, _: web.Request, ask: Ask) -> web.Response:
        """By what the alerts were judged, and the log."""
        found = await asyncio.to_thread(provenance, ask.engine, ask.now)
        return render("provenance.html.j2", ask, found=found)

    async def find(self, request: web.Request, ask: Ask) -> web.Response:
        """Go to the vehicle, province, party or alert that is named; else to alerts that say so."""
        what = request.query.get("what", "").strip()[:200]
        raise web.HTTPSeeOther(await asyncio.to_thread(place_of, ask.engine, what))

    # ------------------------------------------------------------------ deciding

    async def act(self, request: web.Request, ask: Ask) -> web.Response:
        """Act on a case, as its form says."""
        ask.person.must_be("decide")
        form = await request.post()
        action = action_of(form)
        seen = Ask(ask.engine, ask.person, ask.now, str(form.get("seen", "")))
        alert_id = request.match_info["alert_id"]
        await asyncio.to_thread(operations.act_on_alert, seen, alert_id, action)
        raise web.HTTPSeeOther(f"/alerts/{quote(alert_id, safe='')}#case")

    async def act_on_many(self, request: web.Request, ask: Ask) -> web.Response:
        """Act on the cases of the ticked alerts."""
        ask.person.must_be("decide")
        form = await request.post()
        body = ManyActions(alerts_ticked(form), action_of(form))
        done = await asyncio.to_thread(operations.act_on_many, ask, body)
        return render("many.html.j2", ask, done=done, back=_back(str(form.get("back", ""))))

    async def add_exception(self, request: web.Request, ask: Ask) -> web.Response:
        """Keep a kind of alert quiet."""
        ask.person.must_be("decide")
        body = suppression_of(await request.post())
        await asyncio.to_thread(operations.add_exception, ask, body)
        raise web.HTTPSeeOther("/exceptions")

    async def withdraw(self, request: web.Request, ask: Ask) -> web.Response:
        """Withdraw a snooze or an exception."""
        ask.person.must_be("decide")
        form = await request.post()
        seen = Ask(ask.engine, ask.person, ask.now, str(form.get("seen", "")))
        identity = request.match_info["suppression_id"]
        await asyncio.to_thread(operations.withdraw_exception, seen, identity)
        raise web.HTTPSeeOther("/exceptions")

    # ------------------------------------------------------------------ new alerts

    async def events(self, request: web.Request, _: Ask) -> web.StreamResponse:
        """Tell the browser of new alerts, as server-sent events, until it leaves."""
        queue = self._follower.listen()
        if queue is None:
            raise web.HTTPServiceUnavailable
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        try:
            await response.prepare(request)
            while True:
                try:
                    arrived = await asyncio.wait_for(queue.get(), _HEARTBEAT_SECONDS)
                    text = f"event: alerts\ndata: {arrived.alerts} {arrived.worst}\n\n"
                except TimeoutError:
                    # Signed out, or the token was revoked: no more is told.
                    await asyncio.to_thread(self._person, request)
                    text = ": still here\n\n"
                await response.write(text.encode())
        except (ConnectionResetError, NotSignedInError):
            return response
        finally:
            self._follower.leave(queue)

    # ------------------------------------------------------------------ signing in

    async def sign_in_page(self, request: web.Request) -> web.Response:
        """Ask for a token; a ticket of the first start is taken at once."""
        ticket = request.query.get("ticket", "")
        if ticket and self._ticket and time.monotonic() < self._ticket_ends:
            known, self._ticket = self._ticket, None  # once, whatever becomes of it
            name, _, token = known.partition(" ")
            if hmac.compare_digest(ticket.encode(), name.encode()):
                return await self._signed_in(token, "/")
        return render("sign_in.html.j2", None, next=_back(request.query.get("next", "")), fault=None)

    async def sign_in(self, request: web.Request) -> web.Response:
        """Open a session for who knows a token."""
        _refuse_other_sites(request)
        form = await request.post()
        following = _back(str(form.get("next", "")))
        wait = self._tries.wait(request.remote or "", time.monotonic())
        if wait:
            said = f"Too many tries; come again in {wait} s."
            return render("sign_in.html.j2", None, status=429, next=following, fault=said)
        try:
            return await self._signed_in(str(form.get("token", "")).strip(), following)
        except NotSignedInError:
            said = "The token is unknown, has expired or was revoked."
            return render("sign_in.html.j2", None, status=401, next=following, fault=said)

    async def _signed_in(self, token: str, following: str) -> web.Response:
        now = utc_now()
        person = await asyncio.to_thread(person_of_token, self._engine, token, now)
        secret = await asyncio.to_thread(partial(sign_in, self._engine, person, now))
        response = web.Response(status=303, headers={"Location": following})
        response.set_cookie(
            COOKIE, secret, httponly=True, samesite="Lax", secure=self._secure, path="/"
        )
        return response

    async def sign_out(self, request: web.Request, ask: Ask) -> web.Response:
        """Close the session."""
        await asyncio.to_thread(sign_out, ask.engine, request.cookies[COOKIE])
        response = web.Response(status=303, headers={"Location": "/sign-in"})
        response.del_cookie(COOKIE, path="/")
        return response

    def to_sign_in(self, request: web.Request) -> web.Response:
        """Send who is not signed in to where one signs in, and back afterwards."""
        back = request.path_qs if request.method == "GET" else "/"
        return web.Response(status=303, headers={"Location": f"/sign-in?{urlencode({'next': back})}"})

    def fault(self, request: web.Request, status: int, title: str, detail: str) -> web.Response:
        """Say what went wrong on a page of its own."""
        back = _back(request.path) if request.method == "POST" else "/"
        return render("fault.html.j2", None, status=status, title=title, detail=detail, back=back)


class _ForeignFormError(DeskError):
    """A form that another site, or an older session, sent."""

    status = 403
    title = "The form is not of this session"


def _refuse_other_sites(request: web.Request) -> None:
    """Refuse a form that another site sent; browsers say themselves which one did."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin.partition("://")[2] != request.host
    if site not in ("same-origin", "none") or foreign:
        raise _ForeignFormError("the form comes from another site")


def _address(path: str, question: AlertQuestion, **changes: Any) -> str:
    parts = urlencode(address_of(question, **changes))
    return f"{path}?{parts}" if parts else path


def _back(path: str) -> str:
    """A page of ours to go to: never another site's."""
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if ours and path.isprintable() else "/"


def _file(body: bytes, content_type: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)


_STATIC: Final = {
    "desk.css": ("text/css", "static/desk.css"),
    "desk.js": ("text/javascript", "static/desk.js"),
    "htmx.js": ("text/javascript", "vendored/htmx.min.js"),
}


async def static(request: web.Request) -> web.Response:
    """The style and the scripts."""
    known = _STATIC.get(request.match_info["name"])
    if known is None:
        raise web.HTTPNotFound
    content_type, path = known
    body = (files("streams.desk") / path).read_bytes()
    headers = {"Cache-Control": "max-age=300"}
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)
