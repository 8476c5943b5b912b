"""What a desk knows beside single requests, kept up while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import sqlalchemy as sa
import structlog
from aiohttp import web
from sqlalchemy.exc import DBAPIError

from streams.desk.expecting import Expectations
from streams.desk.installation import (
    SECONDS,
    InstallationNow,
    look_at_installation,
    names_a_broker,
)
from streams.desk.keeping import Kept, Unchanged
from streams.service.settings import Settings
from streams.setup.clock import utc_now

log = structlog.get_logger("zeromile.desk")


class Around:
    """The store, what is expected of it, and what the broker said last.

    Parameters
    ----------
    engine
        The store.
    settings
        Name the broker; without them, or where they name none, none is asked.
    """

    def __init__(self, engine: sa.Engine, settings: Settings | None = None) -> None:
        self.engine = engine
        self.expectations = Expectations(engine)
        self.kept = Kept()
        self.last_now = Unchanged()
        self.installation: InstallationNow | None = None
        """`None` where no broker is named, or until the first answer."""
        self._settings = settings if settings and names_a_broker(settings) else None

    async def run(self, _: web.Application) -> AsyncIterator[None]:
        """Keep it up for as long as the application runs."""
        task = asyncio.create_task(self._keep_up())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _keep_up(self) -> None:
        while True:
            if self._settings is not None:
                self.installation = await asyncio.to_thread(
                    look_at_installation, self._settings, utc_now()
                )
            try:
                await asyncio.to_thread(self.expectations.refresh, utc_now())
                await asyncio.to_thread(self.kept.refresh, utc_now())
            except DBAPIError as error:
                log.warning("cannot look at the store", error=type(error.orig).__name__)
            await asyncio.sleep(SECONDS)
