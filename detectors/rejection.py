"""Why a payload was rejected, worked out after the fact: which field, which value, what is allowed."""

import re
from typing import Any

import msgspec

from detectors.errors import DocumentError, Reason
from detectors.type_text import allowed_values, field_types
from detectors.wire import WIRE_TYPES

_FIELD = re.compile(r" - at `\$\.(\w+)")
_MISSING = re.compile(r"missing required field `(\w+)`")
_LONGEST_SHOWN = 80


def show(value: object) -> str:
    """Show a value in an error message, shortened and on one line."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested to the limit; a number of thousands of digits
        text = f"a {type(value).__name__} too large to show"
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def name_of(fields: dict[str, Any]) -> str:
    """Name a document by its source and event id, as far as it has them."""
    return f"{show(fields.get('source'))}/{show(fields.get('event_id'))}"


def explain_rejection(payload: bytes, error: Exception) -> DocumentError:
    """Turn a decoder's complaint into a :class:`DocumentError`."""
    if isinstance(error, RecursionError):
        return _whole("too_deep", "nested too deeply", "a flat JSON object")
    if isinstance(error, UnicodeDecodeError):
        return _whole("not_utf8", f"not UTF-8 ({error.reason})", "a JSON object in UTF-8")
    if not isinstance(error, msgspec.ValidationError):
        return _whole("not_json", f"not JSON ({error})", "one JSON object in UTF-8")
    return _explain_refusal(payload, error)


def _explain_refusal(payload: bytes, error: msgspec.ValidationError) -> DocumentError:
    """Explain why a document does not fit its type, unless a worse fault comes after that place."""
    try:
        fields = msgspec.json.decode(payload)
    except msgspec.ValidationError:  # one value that no type can hold, such as 1e999
        return explain_field({}, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        return explain_rejection(payload, fault)
    if not isinstance(fields, dict):
        return _whole("not_an_object", f"not usable ({error})", "one JSON object")
    return explain_field(fields, str(error))


def explain_field(fields: dict[str, Any], complaint: str) -> DocumentError:
    """Say which field of a document does not fit its type."""
    document = name_of(fields)
    missing = _MISSING.search(complaint)
    found = _FIELD.search(complaint)
    field = missing[1] if missing else found[1] if found else None
    if field is None:
        return DocumentError(
            "wrong_type", field=None, value=complaint, allowed="a document", document=document
        )
    value = show(fields[field]) if field in fields else _FIELD.split(complaint)[0]
    return DocumentError(
        "missing_field" if missing else _reason(field, complaint),
        field=field,
        value="missing" if missing else value,
        allowed=_allowed(field, fields),
        document=document,
    )


def _reason(field: str, complaint: str) -> Reason:
    if complaint.startswith("Expected `str` of length"):
        return "out_of_range"
    if field == "event_type":
        return "unknown_event_type"
    if "enum value" in complaint:
        return "not_allowed"
    if "out of range" in complaint or ">=" in complaint or "<=" in complaint:
        return "out_of_range"
    return "wrong_type"


def _allowed(field: str, fields: dict[str, Any]) -> str:
    if field == "event_type":
        return "one of " + ", ".join(WIRE_TYPES)
    event_type = fields.get("event_type")
    wire_type = WIRE_TYPES.get(event_type) if isinstance(event_type, str) else None
    types = field_types(wire_type) if wire_type else {}
    return allowed_values(types[field]) if field in types else "see the document contract"


def _whole(reason: Reason, value: str, allowed: str) -> DocumentError:
    return DocumentError(reason, field=None, value=value, allowed=allowed, document="(not read)")
