"""The desk's web server: pages and API in one application, and what guards both."""

from __future__ import annotations

import secrets
from typing import Final

import sqlalchemy as sa
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from sqlalchemy.exc import DBAPIError

from streams.desk.api import Api, problem
from streams.desk.around import Around
from streams.desk.assets import static
from streams.desk.connecting import set_for_pages
from streams.desk.deciding import FORMS
from streams.desk.digests import Send
from streams.desk.entrance import Entrance, to_sign_in
from streams.desk.errors import DeskError, NotSignedInError
from streams.desk.events import Events
from streams.desk.following import Follower
from streams.desk.limits import RateLimit
from streams.desk.openapi import PREFIX
from streams.desk.packing import Packs
from streams.desk.pages import READING, fault
from streams.store.settings import SinkSettings

log = structlog.get_logger("zeromile.desk")

LARGEST_BODY: Final = 256 * 1024
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Server": "zeromile",
}


def application(
    engine: sa.Engine,
    *,
    secure: bool = False,
    ticket: str | None = None,
    limit: RateLimit | None = None,
    send: Send | None = None,
    address: str | None = None,
    settings: SinkSettings | None = None,
) -> web.Application:
    """Pages and API over a store.

    Parameters
    ----------
    engine
        The store's database, in its newest schema.
    secure
        Whether browsers reach it by HTTPS: the cookie is then sent by HTTPS only.
    ticket
        Lets the first person in without a token, once, within ten minutes.
    limit
        How much may be asked with one token.
    send
        Hands a message to the mail server; `None` where there is none.
    address
        Of the desk as people reach it, for links in messages.
    settings
        Name the broker that is asked how the service is, and the key that signs packs.
    """
    set_for_pages(engine)
    follower = Follower(engine, send=send, address=address)
    around = Around(engine, settings)
    entrance = Entrance(around, secure=secure, ticket=ticket)
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[_answer_faults])
    app.on_response_prepare.append(_mind_headers)
    app.router.add_get("/livez", _alive)
    Api(around, limit).add_to(app.router)
    entrance.add_to(app.router)
    packs = Packs(settings)
    others = (
        ("/events", Events(follower, entrance).tell),
        ("/alerts/{alert_id}/pack.zip", packs.of_alert),
        ("/vehicles/{vin}/pack.zip", packs.of_vehicle),
    )
    for path, page in (*READING, *others):
        app.router.add_get(path, entrance.for_people(page))
    for path, form in FORMS:
        app.router.add_post(path, entrance.for_forms(form))
    app.router.add_get("/static/{name}", static)
    app.cleanup_ctx.extend((follower.run, around.run))
    return app


async def _alive(_: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})


async def _mind_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers[name] = value
    if not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"


@web.middleware
async def _answer_faults(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except DeskError as error:
        status, title, detail = error.status, error.title, str(error)
        if isinstance(error, NotSignedInError) and not request.path.startswith(PREFIX):
            return to_sign_in(request)
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004 - a redirection
            raise
        status, title, detail = error.status, error.reason, _WORDS.get(error.status, error.reason)
    except DBAPIError as error:
        number = secrets.token_hex(4)
        # Its own words may hold what was asked for, a VIN for one: the log gets the kind only.
        log.warning("the database refuses", incident=number, error=type(error.orig).__name__)
        status, title = 503, "The database does not answer"
        detail = f"nothing was changed; try again (incident {number} in the log)"
    if request.path.startswith(PREFIX):
        return problem(status, title, detail)
    return fault(request, status, title, detail)


_WORDS: Final = {
    404: "there is no such page",
    405: "this cannot be done here",
    413: f"the body is too large; allowed: {LARGEST_BODY:,} bytes",
}
