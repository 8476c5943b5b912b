"""Who comes in: signing in and out, and what guards every page and form."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from streams.desk.api import check_text
from streams.desk.around import Around
from streams.desk.errors import DeskError, NotSignedInError
from streams.desk.limits import RateLimit
from streams.desk.offering import Ask
from streams.desk.rendering import render
from streams.desk.tokens import Person, person_of_session, person_of_token, sign_in, sign_out
from streams.setup.clock import utc_now

COOKIE: Final = "zeromile_desk"
TICKET_SECONDS: Final = 600.0
_SIGN_IN_TRIES: Final = 10

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Page = Callable[[web.Request, Ask], Awaitable[web.StreamResponse]]


class Entrance:
    """Lets people in, and tells pages and forms who it is.

    Parameters
    ----------
    around
        The store, and what is known beside it.
    secure
        Whether the cookie is for HTTPS only.
    ticket
        Lets the first person in without a token, once.
    """

    def __init__(self, around: Around, *, secure: bool, ticket: str | None) -> None:
        self._around = around
        self._engine = around.engine
        self._secure = secure
        self._ticket = ticket
        self._ticket_ends = time.monotonic() + TICKET_SECONDS
        self._tries = RateLimit(burst=_SIGN_IN_TRIES, per_second=0.2)

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Take the places of signing in and out in an application."""
        router.add_get("/sign-in", self.sign_in_page)
        router.add_post("/sign-in", self.sign_in)
        router.add_post("/sign-out", self.for_forms(self.sign_out))

    def for_people(self, page: Page) -> Handler:
        """Show a page to who is signed in."""

        async def handle(request: web.Request) -> web.StreamResponse:
            check_text((*request.query.values(), *request.match_info.values()))
            person = await asyncio.to_thread(self.person, request)
            return await page(request, Ask(self._around, person, utc_now()))

        return handle

    def for_forms(self, page: Page) -> Handler:
        """Take a form of this session from who is signed in."""

        async def handle(request: web.Request) -> web.StreamResponse:
            _refuse_other_sites(request)
            person = await asyncio.to_thread(self.person, request)
            form = await request.post()
            check_text(value for value in form.values() if isinstance(value, str))
            given = str(form.get("form_key", ""))
            if not hmac.compare_digest(given.encode(), (person.form_key or "").encode()):
                raise _ForeignFormError("the form is not of this session; load the page again")
            return await page(request, Ask(self._around, person, utc_now()))

        return handle

    def person(self, request: web.Request) -> Person:
        """Who is signed in.

        Raises
        ------
        NotSignedInError
            If nobody is.
        """
        secret = request.cookies.get(COOKIE)
        if not secret:
            raise NotSignedInError("you are not signed in")
        return person_of_session(self._engine, secret, utc_now())

    async def sign_in_page(self, request: web.Request) -> web.Response:
        """Ask for a token; a ticket of the first start is taken at once."""
        ticket = request.query.get("ticket", "")
        if ticket and self._ticket and time.monotonic() < self._ticket_ends:
            known, self._ticket = self._ticket, None  # once, whatever becomes of it
            name, _, token = known.partition(" ")
            if hmac.compare_digest(ticket.encode(), name.encode()):
                return await self._signed_in(token, "/")
        return render("sign_in.html.j2", None, next=back_to(request.query.get("next", "")), fault=None)

    async def sign_in(self, request: web.Request) -> web.Response:
        """Open a session for who knows a token."""
        _refuse_other_sites(request)
        form = await request.post()
        following = back_to(str(form.get("next", "")))
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


def to_sign_in(request: web.Request) -> web.Response:
    """Send who is not signed in to where one signs in, and back afterwards."""
    back = request.path_qs if request.method == "GET" else "/"
    return web.Response(status=303, headers={"Location": f"/sign-in?{urlencode({'next': back})}"})


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


def back_to(path: str) -> str:
    """A page of ours to go to: never another site's."""
    ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if ours and path.isprintable() else "/"
