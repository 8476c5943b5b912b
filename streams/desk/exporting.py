"""Lists of alerts as CSV and JSON."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Final

import msgspec

from streams.desk.asking import AlertRow

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Sequence[AlertRow]) -> bytes:
    """A table, with the mark by which spreadsheets recognise UTF-8."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(AlertRow.__struct_fields__)
    for row in rows:
        writer.writerow(map(_cell, msgspec.to_builtins(row).values()))
    return text.getvalue().encode("utf-8-sig")


def as_json(rows: Sequence[AlertRow]) -> bytes:
    """A list of objects."""
    return msgspec.json.encode(rows)


def _cell(value: object) -> object:
    """A value as a cell: text that a spreadsheet would take for a formula is marked as text."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
