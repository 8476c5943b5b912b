"""Times of documents: instants in, civil days of the policy's country out.

Every rule counts civil days there, so a time is kept as the pair (civil day, microseconds into that
day). The civil day is the proleptic Gregorian ordinal of :meth:`datetime.date.toordinal`; the
microseconds are ``None`` where the document carries only a date. In another country than China the
offset of its clock stands above the microseconds, in bits that a day does not fill (`CLOCK`).
"""

import calendar
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from detectors import china

_HOME = ZoneInfo(china.TIMEZONE)
CLOCK = (1 << 37) - 1
"""Bits of a time that hold the microseconds of a day."""
_OFFSET_BITS = CLOCK.bit_length()
_MINUTES_OF_DAY = 24 * 60
"""Added to offsets, so that they are positive."""

EARLIEST = date(1950, 1, 1).toordinal()
LATEST = date(2100, 12, 31).toordinal()
ALLOWED = (
    "an RFC 3339 time with offset (2025-06-17T14:07:43+08:00) or a bare date (2025-06-17), "
    "from 1950-01-01 to 2100-12-31"
)

_STANDARD_OFFSET = timezone(timedelta(hours=china.STANDARD_OFFSET_HOURS))
OFFSET_TEXT = f"+{china.STANDARD_OFFSET_HOURS:02}:00"
LAST_DAYLIGHT_SAVING = china.LAST_DAYLIGHT_SAVING.toordinal()
_MICROSECONDS = 1_000_000
_BARE_DATE_LENGTH = 10


class CivilTime(NamedTuple):
    """A moment on the civil calendar of a country."""

    day: int
    """Civil day, as a proleptic ordinal."""
    time: int | None
    """Microseconds since that day's midnight, with the clock's offset above them unless it is China's;
    ``None`` for a bare date."""


Reader = Callable[[str], CivilTime]
"""Reads a time of a document, or raises ValueError."""


def parse(text: str) -> CivilTime:
    """Read an RFC 3339 time with offset, or a bare date, as civil time in Asia/Shanghai.

    Raises
    ------
    ValueError
        If the text is neither, names a day that does not exist, or lies outside 1950 to 2100.
    """
    if len(text) == _BARE_DATE_LENGTH:
        return _known_dates.get(text) or _bare_date(text)
    return _usual_timestamp(text) or _timestamp(text)


def zone_reader(zone: ZoneInfo) -> Reader:
    """Make what reads the texts of :func:`parse` as civil times of another zone."""

    def read(text: str) -> CivilTime:
        if len(text) == _BARE_DATE_LENGTH:
            return parse(text)
        try:
            local = _instant(text).astimezone(zone)
        except OverflowError as error:
            raise ValueError(text) from error
        day, offset = _within_range(local.toordinal()), local.utcoffset() or timedelta()
        minutes = offset // timedelta(minutes=1) + _MINUTES_OF_DAY
        return CivilTime(day, minutes << _OFFSET_BITS | _microseconds(local))

    return read


_known_dates: dict[str, CivilTime] = {}
"""Bare dates read before: a feed names the same few thousand for ever."""
_MOST_KNOWN_DATES = 100_000
_MINUTES = {f"{m // 60:02}:{m % 60:02}": m * 60 * _MICROSECONDS for m in range(24 * 60)}
_SECONDS = {f":{second:02}{OFFSET_TEXT}": second * _MICROSECONDS for second in range(60)}
"""What the usual ends of a timestamp stand for, in microseconds."""
_MINUTE_TEXTS = tuple(_MINUTES)
_SECOND_TEXTS = tuple(f":{second:02}" for second in range(60))


def _bare_date(text: str) -> CivilTime:
    if text[4] != "-" or text[7] != "-":
        raise ValueError(text)
    known = CivilTime(_within_range(date.fromisoformat(text).toordinal()), None)
    if len(_known_dates) < _MOST_KNOWN_DATES:
        _known_dates[text] = known
    return known


def _usual_timestamp(text: str) -> CivilTime | None:
    """Read a time as nearly all feeds write it, ``None`` for any other: ten times as fast."""
    minute = _MINUTES.get(text[11:16])
    second = _SECONDS.get(text[16:])
    if minute is None or second is None or text[10] != "T":
        return None
    day = (_known_dates.get(text[:10]) or _bare_date(text[:10])).day
    if day <= LAST_DAYLIGHT_SAVING:
        return None
    return tuple.__new__(CivilTime, (day, minute + second))  # a third of the time of calling the class


def _timestamp(text: str) -> CivilTime:
    local = _local(text)
    return CivilTime(_within_range(local.toordinal()), _microseconds(local))


def _microseconds(local: datetime) -> int:
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return seconds * _MICROSECONDS + local.microsecond


def _local(text: str) -> datetime:
    """Read a full timestamp on China's clock."""
    instant = _instant(text)
    try:
        local = instant if instant.tzinfo == _STANDARD_OFFSET else instant.astimezone(_STANDARD_OFFSET)
        return instant.astimezone(_HOME) if local.toordinal() <= LAST_DAYLIGHT_SAVING else local
    except OverflowError as error:
        raise ValueError(text) from error


def _instant(text: str) -> datetime:
    """Read a full timestamp; msgspec's parser is strict about RFC 3339."""
    try:
        instant: datetime = msgspec.convert(text, datetime)
    except (msgspec.ValidationError, OverflowError) as error:
        raise ValueError(text) from error
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant


def _within_range(day: int) -> int:
    if not EARLIEST <= day <= LATEST:
        raise ValueError(day)
    return day


@lru_cache(maxsize=100_000)
def day_text(day: int) -> str:
    """Write a civil day as ``YYYY-MM-DD``."""
    return date.fromordinal(day).isoformat()


def text(day: int, time: int | None) -> str:
    """Write a civil time in RFC 3339: a bare date stays one, a time gets its clock's offset."""
    if time is None:
        return day_text(day)
    if time > CLOCK:
        minutes = (time >> _OFFSET_BITS) - _MINUTES_OF_DAY
        sign, size = "-" if minutes < 0 else "+", abs(minutes)
        return f"{day_text(day)}T{_clock_text(time & CLOCK)}{sign}{size // 60:02}:{size % 60:02}"
    return f"{day_text(day)}T{_clock_text(time)}{_offset_text(day, time)}"


def _clock_text(time: int) -> str:
    seconds, microseconds = divmod(time, _MICROSECONDS)
    minutes, second = divmod(seconds, 60)
    clock = _MINUTE_TEXTS[minutes] + _SECOND_TEXTS[second]
    return f"{clock}.{microseconds:06}" if microseconds else clock


def _offset_text(day: int, time: int) -> str:
    if day > LAST_DAYLIGHT_SAVING:
        return OFFSET_TEXT
    moment = datetime.combine(date.fromordinal(day), datetime.min.time(), _HOME)
    return (moment + timedelta(microseconds=time)).isoformat()[-6:]


@lru_cache(maxsize=100_000)
def add_months(day: int, months: int) -> int:
    """The same day of the month, some months on; the last day where that month is shorter.

    >>> day_text(add_months(date(2025, 12, 31).toordinal(), 2))
    '2026-02-28'
    """
    start = date.fromordinal(day)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)).toordinal()


def month_of(day: int) -> tuple[int, int]:
    """Year and month of a civil day."""
    date_of = date.fromordinal(day)
    return date_of.year, date_of.month


@lru_cache(maxsize=100_000)
def end_of_year(day: int) -> int:
    """31 December of the day's year."""
    return date(date.fromordinal(day).year, 12, 31).toordinal()
