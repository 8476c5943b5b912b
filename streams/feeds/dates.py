"""Days and times by named formats, as registers write them.

A format is named by what it looks like: `dd.mm.yyyy`, `mm/dd/yy`, `ddmmyyyy`, `yyyymm`,
`month dd yyyy`, `yyyy-mm-dd hh:mm:ss`; beside them `iso` (RFC 3339 or a bare date) and `excel` (serial
days since 1899-12-30). A day that does not exist fits no format.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

ISO: Final = "iso"
EXCEL: Final = "excel"
_TOKENS: Final = {
    "yyyy": r"(?P<year>\d{4})",
    "yy": r"(?P<short>\d{2})",
    "month": r"(?P<name>[^\W\d_]{3,})\.?",
    "mm": r"(?P<month>\d{1,2})",
    "dd": r"(?P<day>\d{1,2})",
}
_PACKED_TOKENS: Final = {**_TOKENS, "mm": r"(?P<month>\d{2})", "dd": r"(?P<day>\d{2})"}
_TIME: Final = r"[ T](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
_SHAPE: Final = re.compile(r"(?:yyyy|yy|month|mm|dd|[-./, 年月日])+")
_SPLIT: Final = re.compile("(yyyy|yy|month|mm|dd)")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_SHORTEST_NAME: Final = 3
_EXCEL_EPOCH: Final = date(1899, 12, 30)
_EXCEL_SERIAL: Final = re.compile(r"(\d{1,6})(\.\d+)?")
_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?"
)
EARLIEST_YEAR: Final = 1900

ALLOWED: Final = (
    "iso, excel, or a format made of yyyy, yy, mm, month, dd and the signs between them, with hh:mm or "
    "hh:mm:ss behind where there is a time: dd.mm.yyyy, mm/dd/yyyy, ddmmyyyy, yyyymm, month dd yyyy"
)


class Written(NamedTuple):
    """A day or time as documents write it."""

    text: str
    precision: str
    """``day`` or ``month``."""


Read = Callable[[str], Written | None]
"""Gives a day or time, ``None`` for a text that is none."""


def reader(formats: Sequence[str], pivot: int, zone: ZoneInfo) -> Read:
    """Make what reads days and times by the first of several formats that fits.

    Parameters
    ----------
    formats
        Their names.
    pivot
        Years of two digits from here on are of the last century.
    zone
        Of times without an offset.

    Raises
    ------
    ValueError
        For a name that is no format; it is the error's text.
    """
    readers = [_reader(name, pivot, zone) for name in formats]

    def read(text: str) -> Written | None:
        for one in readers:
            written = one(text)
            if written is not None:
                return written
        return None

    return readers[0] if len(readers) == 1 else read


def _reader(name: str, pivot: int, zone: ZoneInfo) -> Read:
    plain = name.strip().lower()
    if plain == ISO:
        return lambda text: _iso(text, zone)
    if plain == EXCEL:
        return _excel
    pattern = _pattern(plain)
    if pattern is None:
        raise ValueError(name)
    return lambda text: _match(pattern, text, pivot, zone)


def _pattern(name: str) -> re.Pattern[str] | None:
    shape, hour, _ = name.partition(" hh:mm")
    if _SHAPE.fullmatch(shape) is None or name.removeprefix(shape) not in ("", " hh:mm", " hh:mm:ss"):
        return None
    pieces = _SPLIT.split(shape)
    named = pieces[1::2]
    years, months = {"yyyy", "yy"} & set(named), {"mm", "month"} & set(named)
    if len(years) != 1 or len(months) != 1 or len(set(named)) != len(named):
        return None
    signs = "".join(pieces[2:-1:2])
    tokens = _TOKENS if signs else _PACKED_TOKENS
    text = "".join(tokens.get(piece) or _signs(piece) for piece in pieces)
    return re.compile(text + (_TIME if hour else f"(?:{_TIME})?" if signs else ""), re.IGNORECASE)


def _signs(piece: str) -> str:
    return r"\s+".join(re.escape(part) for part in piece.split(" ")) if piece else ""


def _match(pattern: re.Pattern[str], text: str, pivot: int, zone: ZoneInfo) -> Written | None:
    found = pattern.fullmatch(text)
    if found is None:
        return None
    parts = found.groupdict()
    year = int(parts["year"]) if parts.get("year") else _full_year(int(parts["short"]), pivot)
    month = _month(parts["name"]) if parts.get("name") else int(parts["month"])
    day = parts.get("day")
    try:
        civil = date(year, month, int(day) if day else 1)
        if year < EARLIEST_YEAR:
            return None
        if day is None:
            return Written(civil.isoformat(), "month")
        if not parts.get("hour"):
            return Written(civil.isoformat(), "day")
        clock = time(int(parts["hour"]), int(parts["minute"]), int(parts["second"] or 0))
    except ValueError:
        return None
    return _moment(civil, clock, zone)


def _moment(civil: date, clock: time, zone: ZoneInfo) -> Written:
    """Write a time; midnight is what a register writes that knows only the day."""
    if clock == time():
        return Written(civil.isoformat(), "day")
    return Written(datetime.combine(civil, clock, zone).isoformat(), "day")


def _full_year(short: int, pivot: int) -> int:
    return short + (1900 if short >= pivot else 2000)


def _month(name: str) -> int:
    """Number of a month by its English name or its beginning; 0 for none."""
    wanted = name.lower()
    return next((n for n, month in enumerate(_MONTHS, 1) if month.startswith(wanted)), 0)


def _iso(text: str, zone: ZoneInfo) -> Written | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second, offset = found.groups()
    try:
        civil = date(int(year), int(month), int(day))
        if hour is None:
            return Written(civil.isoformat(), "day")
        clock = time(int(hour), int(minute), int(second or 0))
    except ValueError:
        return None
    if offset is None:
        return _moment(civil, clock, zone)
    return Written(f"{civil}T{clock}{offset.replace('Z', '+00:00')}", "day")


def _excel(text: str) -> Written | None:
    found = _EXCEL_SERIAL.fullmatch(text)
    if found is None or int(found[1]) <= 60:  # noqa: PLR2004 - the serials around Excel's 1900-02-29
        return None
    return Written((_EXCEL_EPOCH + timedelta(days=int(found[1]))).isoformat(), "day")
