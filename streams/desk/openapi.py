"""The description of the API by OpenAPI 3.1, made from the operations themselves."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import msgspec

from streams import __version__
from streams.desk.offering import Operation
from streams.desk.operations import CASES
from streams.desk.telling import TELLING

PREFIX: Final = "/api/v1"
OPERATIONS: Final[dict[str, Operation]] = {**CASES, **TELLING}
"""Everything that is offered, by name, in the order of the description."""
_REFERENCE: Final = "#/components/schemas/{name}"
_FAULTS: Final = {
    "400": "Something given is not allowed; the problem says what would be.",
    "401": "No token, or one that does not count.",
    "403": "The token's role does not allow it.",
    "404": "There is no such thing.",
    "412": "What you saw has changed since.",
    "428": "If-Match is missing.",
    "429": "Too many requests; Retry-After says when to come again.",
    "503": "The database does not answer; come again.",
}


class Problem(msgspec.Struct, frozen=True):
    """What went wrong, by RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


def description() -> dict[str, Any]:
    """The whole description."""
    types = _types()
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    by_type = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS.values():
        paths.setdefault(PREFIX + one.path, {})[one.method.lower()] = _described(
            one, by_type, components
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "zeromile desk",
            "version": __version__,
            "description": "Alerts, cases and what is known of vehicles, parties and provinces. "
            "An alert is a risk indicator with evidence, never a verdict.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(components.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _types() -> list[Any]:
    found: dict[str, Any] = {repr(Problem): Problem}
    for one in OPERATIONS.values():
        for name, kind in one.types.items():
            if name in ("body", "return", "question"):
                found.setdefault(repr(kind), kind)
    return list(found.values())


def _described(one: Operation, by_type: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    types = one.types
    faults = dict(_FAULTS)
    if not one.needs_seen:
        del faults["428"]
    if not one.needs_seen:
        del faults["412"]
    told: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.summary,
        "description": f"Asks for the role {one.role}.",
        "parameters": _parameters(one, by_type, components),
        "responses": {
            str(one.status): {
                "description": "Done.",
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": by_type[repr(types["return"])]}},
            }
        }
        | {code: _fault(text, by_type) for code, text in faults.items()},
    }
    if "body" in types:
        content = {"application/json": {"schema": by_type[repr(types["body"])]}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _fault(text: str, by_type: dict[str, Any]) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": by_type[repr(Problem)]}}
    return {"description": text, "content": content}


def _parameters(
    one: Operation, by_type: dict[str, Any], components: dict[str, Any]
) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in one.in_path
    ]
    if "question" in one.types:
        name = by_type[repr(one.types["question"])]["$ref"].rpartition("/")[2]
        told += [
            {"name": field, "in": "query", "required": False, "schema": _given(schema)}
            for field, schema in components[name]["properties"].items()
        ]
    if one.needs_seen:
        told.append(
            {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"}}
        )
    return told


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """Schema of a part of an address: it is there or not, and never null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if not kinds:
        return schema
    others = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return others | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds})


@lru_cache(maxsize=1)
def description_in_json() -> bytes:
    """The whole description as it is handed out."""
    return msgspec.json.encode(description())
