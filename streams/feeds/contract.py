"""The document contract as text, JSON Schema, Markdown and examples: all of it from the wire types."""

import typing
from functools import reduce
from operator import or_
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

import msgspec

from detectors.type_text import allowed_values, field_types
from detectors.wire import WIRE_TYPES

_SAMPLES: Final[dict[str, Any]] = {
    "source": "register-gd",
    "vin": "LSVAU2180N2183294",
    "occurred_at": "2025-03-01",
    "recorded_at": "2025-03-01T17:05:00+08:00",
    "licence_applied_at": "2025-03-06",
    "exited_at": "2025-03-14",
    "revision": 0,
    "province": "CN-GD",
    "exporter_province": "CN-GD",
    "source_province": "CN-GD",
    "destination": "KZ",
    "price_cny": 145000.0,
    "value_cny": 139000.0,
    "odometer_km": 12.0,
    "manufacturer_letter": False,
    "condition": "used",
    "hs_code": "870323",
    "trade_mode": "0110",
}
"""Values that read like life; of all other fields the type's own first value or the field's name."""


class Field(NamedTuple):
    """A field of the contract."""

    name: str
    needed: str
    """``yes``, its default, or an empty text."""
    allowed: str


def fields_of(event_type: str) -> list[Field]:
    """Fields of an event type in the order of the contract, those of all documents first."""
    struct = WIRE_TYPES[event_type]
    known = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    return [
        Field(name, _needed(known[name]), allowed_values(kind))
        for name, kind in field_types(struct).items()
    ]


def _needed(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "yes"
    return "" if field.default is None else f"default {field.default}"


def json_schema() -> dict[str, Any]:
    """JSON Schema of one document."""
    union: Any = reduce(or_, WIRE_TYPES.values())
    return msgspec.json.schema(union)


def examples() -> list[dict[str, Any]]:
    """One document of each type with every field filled in."""
    return [
        {"event_type": event_type}
        | {name: _sample(name, kind) for name, kind in typing.get_type_hints(struct).items()}
        | {"event_id": f"{event_type[0].upper()}-2025-000017"}
        for event_type, struct in WIRE_TYPES.items()
    ]


def markdown() -> str:
    """A table of fields for each event type."""
    parts = []
    for event_type in WIRE_TYPES:
        lines = [f"### `{event_type}`", "", "| field | needed | allowed |", "|---|---|---|"]
        lines += [
            f"| `{field.name}` | {field.needed} | {field.allowed} |" for field in fields_of(event_type)
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _sample(name: str, kind: Any) -> Any:
    if name in _SAMPLES:
        return _SAMPLES[name]
    for part in (kind, *get_args(kind)):
        if get_origin(part) is Literal:
            return get_args(part)[0]
    return name.upper().replace("_", "-")
