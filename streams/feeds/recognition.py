"""What a file is that holds no documents, by its first bytes and keys, and what to do about it."""

import codecs
import json
import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final

Kind = str
"""What the lines of a file are: ``documents``, ``alerts``, ``truth``, ``dead letters``."""

BYTE_ORDER_MARK: Final = codecs.BOM_UTF8
_LOOKED_AT: Final = 50
"""Lines of which one document is enough to take the file for what it should be."""
_KEYS: Final[dict[Kind, frozenset[str]]] = {
    "documents": frozenset({"event_type"}),
    "alerts": frozenset({"alert_id", "detector"}),
    "truth": frozenset({"record"}),
    "dead letters": frozenset({"file", "line", "reason"}),
}
_FEED: Final = "`zeromile feed draft FILE` begins a description by which it is read"
_ONE_LINE: Final = (
    "needed is one JSON object a line (JSON Lines; `zeromile schema --example` shows some)"
)
_MAGIC: Final = (
    (b"PK\x03\x04", "a zip archive or a workbook", f"of a register? {_FEED}; else unpack it"),
    (b"BZh", "compressed with bzip2", "unpack it: bzip2 -dc FILE | zeromile COMMAND -"),
    (b"\xfd7zXZ\0", "compressed with xz", "unpack it: xz -dc FILE | zeromile COMMAND -"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it: zstd -dc FILE | zeromile COMMAND -"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it first"),
    (b"PAR1", "a Parquet file", _FEED),
    (b"ARROW1", "an Arrow file", "write its rows as JSON Lines"),
    (b"Obj\x01", "an Avro file", "write its records as JSON Lines"),
    (b"SQLite format 3\0", "an SQLite database", "write its rows as JSON Lines"),
    (b"\xd0\xcf\x11\xe0", "an old workbook or document of an office program", _FEED),
    (b"%PDF", "a PDF", "ask for the data behind it"),
)
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_CONTROL: Final = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_MUCH_CONTROL: Final = 0.02
"""Share of control characters from which bytes are taken for no text at all."""


def other_kind(beginning: bytes, wanted: Iterable[Kind] = ("documents",)) -> str | None:
    """Say what a file is if it is clearly none of the kinds wanted.

    Parameters
    ----------
    beginning
        Its first bytes, some hundred thousand, gzip taken off.
    wanted
        Kinds of JSON Lines that would do.

    Returns
    -------
    str or None
        What it is and what to do; ``None`` for the kinds wanted, an empty file, and what cannot be
        told: bad lines are then refused one by one, each with its reason.
    """
    if (packed := container(beginning)) is not None:
        return packed
    text = beginning.removeprefix(BYTE_ORDER_MARK).lstrip()
    if not text:
        return None
    if encoding := _wide_encoding(beginning):
        return f"it is text in {encoding}; needed is UTF-8: iconv -f {encoding} -t UTF-8 FILE"
    objects = [_object(line) for line in islice(filter(None, text.splitlines()), _LOOKED_AT)]
    if any(_KEYS[kind] <= found.keys() for found in objects if found for kind in wanted):
        return None
    return _json(text, objects[0]) or _text(text)


def container(beginning: bytes) -> str | None:
    """Say what a file is that is no text, and what to do; ``None`` where nothing tells."""
    for magic, what, remedy in _MAGIC:
        if beginning.startswith(magic):
            return f"it is {what}; {remedy}"
    return None


def _wide_encoding(beginning: bytes) -> str | None:
    for mark, encoding in _MARKS:
        if beginning.startswith(mark):
            return encoding
    sample = beginning[:200]
    if len(sample) > 8 and not sample[1::2].strip(b"\0"):  # noqa: PLR2004 - a few characters
        return "UTF-16LE"
    if len(sample) > 8 and not sample[::2].strip(b"\0"):  # noqa: PLR2004 - the same
        return "UTF-16BE"
    return None


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line.removeprefix(BYTE_ORDER_MARK))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _json(text: bytes, first: dict[str, Any] | None) -> str | None:
    if text.startswith(b"[") and text[1:].lstrip().startswith((b"{", b"]")):
        return f"it is a JSON array; {_ONE_LINE}: jq -c '.[]' FILE"
    if first is not None:
        return _kind_of(first) or _wrapping(first)
    if text.startswith(b"{") and (text.splitlines()[0].strip() == b"{" or _spans_lines(text)):
        return f"it is JSON over several lines; {_ONE_LINE}: jq -c . FILE"
    return None


def _kind_of(first: dict[str, Any]) -> str | None:
    for kind, keys in _KEYS.items():
        if keys <= first.keys():
            return f"it holds {kind}, not what is read here"
    return None


def _wrapping(first: dict[str, Any]) -> str | None:
    for name, inner in first.items():
        if isinstance(inner, dict) and "event_type" in inner:
            return f"each document is wrapped in the field {name!r}; take it out: jq -c .{name} FILE"
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            return (
                f"its objects lie in an array in the field {name!r}; {_ONE_LINE}: "
                f"jq -c '.{name}[]' FILE"
            )
    return None


def _spans_lines(text: bytes) -> bool:
    """Whether the first value is whole, and ends on another line than it began."""
    decoded = text.decode("utf-8", "replace")
    try:
        _, end = json.JSONDecoder().raw_decode(decoded)
    except (ValueError, RecursionError):
        return False
    return "\n" in decoded[:end]


def _text(text: bytes) -> str | None:
    sample = text[:4096]
    if len(_CONTROL.findall(sample)) > _MUCH_CONTROL * len(sample):
        return f"its bytes are no text; {_ONE_LINE}"
    if sample.startswith(b"<"):
        return f"it is XML or HTML; {_ONE_LINE}"
    if sample.startswith(b"{"):
        return None
    lines = [line.decode("utf-8", "replace") for line in sample.splitlines()[:4]]
    for separator, name in _SEPARATORS.items():
        if len({line.count(separator) for line in lines[: max(1, len(lines) - 1)]}) == 1 and (
            separator in lines[0]
        ):
            return f"it is a table with {name} between its columns (CSV); {_ONE_LINE}; {_FEED}"
    return None
