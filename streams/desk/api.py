"""The API over HTTP: tokens, questions, bodies, ETags, and problems by RFC 9457."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final

import msgspec
from aiohttp import web

from streams.desk.around import Around
from streams.desk.errors import DeskError, NotSignedInError
from streams.desk.limits import RateLimit
from streams.desk.offering import Ask, Operation
from streams.desk.openapi import OPERATIONS, PREFIX, Problem, description_in_json
from streams.desk.tokens import Person, person_of_token
from streams.setup.clock import utc_now

BURST: Final = 120
PER_SECOND: Final = 20.0
_LONGEST_PART: Final = 200
PROBLEM: Final = "application/problem+json"


class Api:
    """Every operation at its place under `/api/v1`."""

    def __init__(self, around: Around, limit: RateLimit | None = None) -> None:
        self._around = around
        self._limit = limit or RateLimit(burst=BURST, per_second=PER_SECOND)
        self._description = description_in_json()

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Take the API's places in an application."""
        router.add_get(f"{PREFIX}/openapi.json", self._describe)
        for one in OPERATIONS.values():
            router.add_route(one.method, PREFIX + one.path, self._handler(one))

    async def _describe(self, _: web.Request) -> web.Response:
        return web.Response(body=self._description, content_type="application/json")

    def _handler(self, one: Operation) -> Callable[[web.Request], Any]:
        async def handle(request: web.Request) -> web.Response:
            person = await asyncio.to_thread(self._person, request)
            wait = self._limit.wait(person.token_id, time.monotonic())
            if wait:
                refused = problem(429, "Too many requests", f"come again in {wait} s")
                refused.headers["Retry-After"] = str(wait)
                return refused
            person.must_be(one.role)
            if one.needs_seen and "If-Match" not in request.headers:
                said = "If-Match is missing; it takes the ETag of what you saw"
                return problem(428, "What did you see?", said)
            ask = Ask(self._around, person, utc_now(), _etag_given(request))
            given = await _arguments(request, one)
            done = await asyncio.to_thread(one.run, ask, **given)
            return _answer(request, one, done)

        return handle

    def _person(self, request: web.Request) -> Person:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotSignedInError("a token is needed: Authorization: Bearer …")
        return person_of_token(self._around.engine, token.strip(), utc_now())


def problem(status: int, title: str, detail: str) -> web.Response:
    """Say what went wrong."""
    body = msgspec.json.encode(Problem("about:blank", title, status, detail))
    response = web.Response(body=body, status=status, content_type=PROBLEM)
    if status == 401:  # noqa: PLR2004 - RFC 9110 wants it said how
        response.headers["WWW-Authenticate"] = 'Bearer realm="zeromile"'
    return response


def etag_of(done: Any, body: bytes) -> str:
    """What tells this answer from another: the versions that it shows, or its bytes."""
    version = getattr(done, "etag", None)
    return f'"{version if version is not None else sha256(body).hexdigest()[:32]}"'


def _etag_given(request: web.Request) -> str | None:
    given = request.headers.get("If-Match")
    return None if given is None else given.strip().removeprefix("W/").strip('"')


async def _arguments(request: web.Request, one: Operation) -> dict[str, Any]:
    types = one.types
    given: dict[str, Any] = {}
    for name in one.in_path:
        given[name] = request.match_info[name]
        if len(given[name]) > _LONGEST_PART:
            raise DeskError(f"{name} is too long; allowed: 1 to {_LONGEST_PART} characters")
    check_text(given.values())
    if "question" in types:
        given["question"] = _question(request, types["question"])
    elif request.query:
        raise DeskError(f"{next(iter(request.query))!r} cannot be asked for here; allowed: nothing")
    if "body" in types:
        given["body"] = await _body(request, types["body"])
    return given


def _question(request: web.Request, kind: type[Any]) -> Any:
    for name in request.query:
        if len(request.query.getall(name)) > 1:
            raise DeskError(f"{name} is given more than once; allowed: once")
    check_text(request.query.values())
    try:
        return msgspec.convert(dict(request.query), kind, strict=False)
    except msgspec.ValidationError as error:
        raise DeskError(f"the question is not allowed: {error}") from None


def check_text(values: Any) -> None:
    """Refuse characters that no database keeps.

    Raises
    ------
    DeskError
        If a value holds one.
    """
    for value in values:
        if any(one == "\x00" or "\ud800" <= one <= "\udfff" for one in value):
            raise DeskError("a value holds U+0000 or half a character; allowed: text in UTF-8")


async def _body(request: web.Request, kind: Any) -> Any:
    if request.content_type != "application/json":
        raise DeskError(f"the content type is {request.content_type}; allowed: application/json")
    raw = await request.read()
    try:
        body = msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DeskError(f"the body is not allowed: {error}") from None
    if b"\\u0000" in raw and "\\u0000" in msgspec.json.encode(body).decode():
        raise DeskError("a value holds the character U+0000; allowed: text without it")
    return body


def _answer(request: web.Request, one: Operation, done: Any) -> web.Response:
    body = msgspec.json.encode(done)
    etag = etag_of(done, body)
    if one.method == "GET" and etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers={"ETag": etag})
    headers = {"ETag": etag}
    return web.Response(body=body, status=one.status, headers=headers, content_type="application/json")
