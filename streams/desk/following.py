"""What the desk does by itself: cases follow their alerts, and browsers are told of new ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from typing import Final

import msgspec
import sqlalchemy as sa
import structlog
from aiohttp import web
from sqlalchemy.exc import DBAPIError

from streams.desk.cases import keep_up
from streams.desk.delivering import deliver_due
from streams.desk.digests import Send, send_digests
from streams.desk.outbox import fill_outbox, forget_delivered
from streams.desk.tables import alerts
from streams.setup.clock import utc_now

log = structlog.get_logger("zeromile.desk")

SECONDS: Final = 3.0
MOST_LISTENERS: Final = 200


class Arrived(msgspec.Struct, frozen=True):
    """What has come since the last look."""

    alerts: int
    worst: str
    """Severity of the worst of them."""


class Follower:
    """Looks at the store again and again, and tells those who listen.

    Parameters
    ----------
    engine
        The store.
    seconds
        Between two looks.
    send
        Hands a message to the mail server; `None` where there is none.
    address
        Of the desk as people reach it, for links in messages.
    """

    def __init__(
        self,
        engine: sa.Engine,
        seconds: float = SECONDS,
        *,
        send: Send | None = None,
        address: str | None = None,
    ) -> None:
        self._engine = engine
        self._seconds = seconds
        self._send = send
        self._address = address
        self._listeners: set[asyncio.Queue[Arrived]] = set()
        self._seen: datetime | None = None

    async def run(self, _: web.Application) -> AsyncIterator[None]:
        """Follow for as long as the application runs."""
        tasks = [
            asyncio.create_task(one)
            for one in (self._follow(), self._tell_others(), self._tell_daily())
        ]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def listen(self) -> asyncio.Queue[Arrived] | None:
        """A queue of what arrives from now on, `None` where too many listen already."""
        if len(self._listeners) >= MOST_LISTENERS:
            return None
        queue: asyncio.Queue[Arrived] = asyncio.Queue(maxsize=16)
        self._listeners.add(queue)
        return queue

    def leave(self, queue: asyncio.Queue[Arrived]) -> None:
        """Listen no more."""
        self._listeners.discard(queue)

    async def _follow(self) -> None:
        while True:
            try:
                await asyncio.to_thread(keep_up, self._engine, utc_now())
                arrived = await asyncio.to_thread(self.look)
            except DBAPIError as error:
                # The database goes away and comes back; the next look finds what has come meanwhile.
                log.warning("cannot look at the store", error=type(error.orig).__name__)
            else:
                if arrived is not None:
                    self._tell(arrived)
            await asyncio.sleep(self._seconds)

    async def _tell_others(self) -> None:
        """Tell webhooks; a slow receiver holds up no case and no browser."""
        while True:
            try:
                await asyncio.to_thread(fill_outbox, self._engine, utc_now())
                while await deliver_due(self._engine, utc_now()):
                    pass
                await asyncio.to_thread(forget_delivered, self._engine, utc_now())
            except DBAPIError as error:
                log.warning("cannot tell webhooks", error=type(error.orig).__name__)
            await asyncio.sleep(self._seconds)

    async def _tell_daily(self) -> None:
        """Send digests; a slow mail server holds up no webhook."""
        while True:
            try:
                await asyncio.to_thread(
                    send_digests, self._engine, self._send, self._address, utc_now()
                )
            except DBAPIError as error:
                log.warning("cannot send digests", error=type(error.orig).__name__)
            await asyncio.sleep(self._seconds)

    def _tell(self, arrived: Arrived) -> None:
        for queue in self._listeners:
            if not queue.full():
                queue.put_nowait(arrived)

    def look(self) -> Arrived | None:
        """What has come since the last look; the first look only remembers where it begins."""
        with self._engine.connect() as connection:
            newest = connection.execute(sa.select(sa.func.max(alerts.c.detected_at))).scalar()
            before, self._seen = self._seen, newest
            if newest is None or before is None or newest <= before:
                return None
            rank, count = connection.execute(
                sa.select(sa.func.max(alerts.c.severity_rank), sa.func.count()).where(
                    alerts.c.detected_at > before, alerts.c.state == "firing", ~alerts.c.shadow
                )
            ).one()
        return Arrived(count, _SEVERITIES[rank - 1]) if count else None


_SEVERITIES: Final = ("low", "medium", "high", "critical")
