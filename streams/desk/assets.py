"""The style and the scripts of the pages."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from aiohttp import web

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
