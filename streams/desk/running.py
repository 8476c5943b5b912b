"""The desk as a process: it listens, lets the first person in, and stops in order."""

from __future__ import annotations

import asyncio
import secrets
import signal
from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from aiohttp import web

from streams.desk.mail import mailer_of
from streams.desk.server import application
from streams.desk.settings import DeskSettings
from streams.desk.tokens import make_token, tokens_of
from streams.service.logs import set_up_logs
from streams.service.settings import LOOPBACK
from streams.setup.clock import utc_now

_FIRST: Final = "first"
_FIRST_DAYS: Final = 30
_DEPLOYED: Final = "operator"
_DEPLOYED_DAYS: Final = 3650
_STOP_SECONDS: Final = 5.0


def serve(settings: DeskSettings, engine: sa.Engine, say: Callable[[str], None]) -> None:
    """Serve until a signal says stop.

    Parameters
    ----------
    settings
        Where it listens.
    engine
        The store, in its newest schema.
    say
        Told where the desk is.
    """
    set_up_logs(settings)
    ticket = _let_in(settings, engine)
    try:
        asyncio.run(_serve(settings, engine, ticket, say))
    finally:
        engine.dispose()


def _let_in(settings: DeskSettings, engine: sa.Engine) -> str | None:
    """Keep the deployment's token, or make the first person's; a ticket and the token it stands for."""
    if settings.desk_token is not None and settings.desk_token.get_secret_value().strip():
        make_token(
            engine, name=_DEPLOYED, role="admin", days=_DEPLOYED_DAYS, now=utc_now(),
            secret=settings.desk_token.get_secret_value(),
        )  # fmt: skip
        return None
    if settings.desk_host not in LOOPBACK or tokens_of(engine):
        return None
    token = make_token(engine, name=_FIRST, role="admin", days=_FIRST_DAYS, now=utc_now())
    return f"{secrets.token_urlsafe(24)} {token}"


async def _serve(
    settings: DeskSettings, engine: sa.Engine, ticket: str | None, say: Callable[[str], None]
) -> None:
    mailer = mailer_of(settings)
    app = application(
        engine, secure=settings.desk_https, ticket=ticket, address=settings.desk_url,
        send=mailer.send if mailer else None, settings=settings,
    )  # fmt: skip
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.desk_host, settings.desk_port)
        await site.start()
        host = f"[{settings.desk_host}]" if ":" in settings.desk_host else settings.desk_host
        where = f"http://{host}:{runner.addresses[0][1]}"
        say(f"the desk is at {where}")
        if ticket is not None:
            say(f"the first person in: {where}/sign-in?ticket={ticket.partition(' ')[0]}")
        elif settings.desk_token is None:
            say("it asks for a token: zeromile desk token NAME --role decide")
        await _until_stopped()
    finally:
        await runner.cleanup()


async def _until_stopped() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()
