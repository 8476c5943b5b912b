"""How the web pages answer: JSON, and problems that say what is wrong."""

from __future__ import annotations

import msgspec
from aiohttp import web


def answer(body: object, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def problem(status: int, message: str) -> web.Response:
    """Answer with what is wrong and what is allowed."""
    return answer({"error": message}, status)
