"""New alerts told to browsers as they come, by server-sent events."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from streams.desk.entrance import Entrance
from streams.desk.errors import NotSignedInError
from streams.desk.following import Follower
from streams.desk.offering import Ask

_HEARTBEAT_SECONDS: Final = 20.0


class Events:
    """Keeps a line open to every browser that looks.

    Parameters
    ----------
    follower
        Knows of new alerts.
    entrance
        Knows who is still signed in.
    """

    def __init__(self, follower: Follower, entrance: Entrance) -> None:
        self._follower = follower
        self._entrance = entrance

    async def tell(self, request: web.Request, _: Ask) -> web.StreamResponse:
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
                    await asyncio.to_thread(self._entrance.person, request)
                    text = ": still here\n\n"
                await response.write(text.encode())
        except (ConnectionResetError, NotSignedInError):
            return response
        finally:
            self._follower.leave(queue)
