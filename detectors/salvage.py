"""What can be read of a document that the decoder refuses.

A bad value of an optional field is dropped and the document counts without it: one misread odometer
must not hide a sale. What identifies or dates a document has to be right.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NoReturn

import msgspec

from detectors.documents import DroppedField
from detectors.errors import DocumentError
from detectors.rejection import explain_field, explain_rejection, name_of, show
from detectors.wire import WIRE_TYPES, WireDocument


def salvage(payload: bytes, complaint: Exception) -> tuple[WireDocument, list[DroppedField]]:
    """Read a payload once more, value by value.

    Parameters
    ----------
    payload
        What the decoder refused.
    complaint
        What it raised.

    Returns
    -------
    tuple
        The document as it was written, and what was dropped of it.

    Raises
    ------
    DocumentError
        If what is left is no document.
    """
    fields = read_fields(payload)
    event_type = None if fields is None else fields.get("event_type")
    wire_type = WIRE_TYPES.get(event_type) if isinstance(event_type, str) else None
    if fields is None or wire_type is None:
        raise explain_rejection(payload, complaint)
    known = {"event_type", *wire_type.__struct_encode_fields__}
    fields = {name: value for name, value in fields.items() if name in known}
    _refuse_half_characters(fields)
    dropped = list(_drop_bad(fields, wire_type))
    try:
        return msgspec.convert(fields, wire_type), dropped
    except msgspec.ValidationError as error:
        raise explain_field(fields, str(error)) from None


@cache
def optional_fields(wire_type: type[WireDocument]) -> dict[str, Any]:
    """Types of the fields that a document may lack, by name."""
    return {
        field.encode_name: field.type
        for field in msgspec.structs.fields(wire_type)
        if field.default is None
    }


def read_fields(payload: bytes) -> dict[str, Any] | None:
    """The payload's values as they were written, ``None`` where it is no JSON object.

    Python's own reader takes what only a value of no interest may hold: half a character, 1e999.
    """
    try:
        fields = json.loads(payload.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are not JSON


def _refuse_half_characters(fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        half = _half_character(value)
        if half is not None:
            raise DocumentError(
                "bad_text",
                field=name,
                value=f"{show(value)}, which holds half a character ({half})",
                allowed="a text of whole characters",
                document=name_of(fields),
            )


def _half_character(value: object) -> str | None:
    """The first half of a surrogate pair that stands alone in a text."""
    if not isinstance(value, str) or value.isascii():
        return None
    return next((repr(c)[1:-1] for c in value if _FIRST_HALF <= c <= _LAST_HALF), None)


_FIRST_HALF: Final = "\ud800"
_LAST_HALF: Final = "\udfff"


def _drop_bad(fields: dict[str, Any], wire_type: type[WireDocument]) -> Iterator[DroppedField]:
    for name, kind in optional_fields(wire_type).items():
        if name not in fields:
            continue
        try:
            msgspec.convert(fields[name], kind)
        except msgspec.ValidationError:
            yield DroppedField(name, show(fields.pop(name)))
