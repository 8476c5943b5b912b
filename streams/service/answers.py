"""How the web pages answer: JSON, and problems that say what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec
from aiohttp import web

Question = Mapping[str, Collection[str] | None]
"""Names that a query may have, each with the values allowed, ``None`` for those checked later."""


def answer(body: object, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")


def problem(status: int, message: str) -> web.Response:
    """Answer with what is wrong and what is allowed."""
    return answer({"error": message}, status)


def fault_of(request: web.Request, allowed: Question) -> str | None:
    """Say which name or value of a query is not allowed and which are, ``None`` where all is well.

    A misspelt name must not pass: who asks for ``?sate=firing`` would take all alerts for firing ones.
    """
    for name, value in request.query.items():
        if name not in allowed:
            return f"{name!r} cannot be asked for; allowed: {', '.join(allowed) or 'nothing'}"
        if len(request.query.getall(name)) > 1:
            return f"{name} is given more than once; allowed: once"
        values = allowed[name]
        if values is not None and value not in values:
            return f"{name} is {value!r}; allowed: {', '.join(values)}"
    return None


def number_within(given: str, most: int) -> int | None:
    """Whole number from 1 to the greatest one allowed, ``None`` for anything else."""
    number = int(given) if given.isascii() and given.isdigit() and len(given) <= len(str(most)) else 0
    return number if 1 <= number <= most else None


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
