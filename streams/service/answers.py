"""How the web pages answer: JSON, and problems that say what is wrong."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from aiohttp import web


def answer(body: object, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def problem(status: int, message: str) -> web.Response:
    """Answer with what is wrong and what is allowed."""
    return answer({"error": message}, status)


def named(stored: msgspec.Struct, without: Iterable[object] = ()) -> dict[str, object]:
    """Turn what the state keeps as an array into an object with field names, inner arrays too.

    Parameters
    ----------
    stored
        A struct.
    without
        Values of fields that are left out.
    """
    return {
        name: _plain(value)
        for name, value in msgspec.structs.asdict(stored).items()
        if value not in tuple(without)
    }


def _plain(value: object) -> object:
    if isinstance(value, msgspec.Struct) and value.__struct_config__.array_like:
        return named(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
