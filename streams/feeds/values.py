"""What a column's text is as the value of a document's field."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from msgspec import inspect

from detectors.rejection import show
from detectors.type_text import field_types
from detectors.vin import LENGTH as _VIN_LENGTH
from detectors.wire import WIRE_TYPES
from streams.feeds import dates
from streams.feeds.amounts import KILOMETRES_A_MILE, number_reader
from streams.feeds.codes import UNMAPPED, Lookup, meanings
from streams.feeds.columns import Cell
from streams.feeds.definition import (
    IGNORE,
    Amount,
    CodeTable,
    Distance,
    DocumentSpec,
    Identity,
    Moment,
)
from streams.feeds.errors import FeedError, RowRefused
from streams.feeds.folding import to_latin

Translate = Callable[[str], object]

_VIN: Final = re.compile(r"[!-~]{1,40}")
_REGION: Final = re.compile(r"[A-Z]{2}-[A-Z0-9]{1,3}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_TRUTHS: Final = {"true": True, "false": False}
_DIGEST_SIZE: Final = 10
"""Bytes."""
_LARGEST_KILOMETRES: Final = 1e7
_LARGEST_AMOUNT: Final = 1e10


class Dropped(NamedTuple):
    """A value that is left out: its row becomes a document without it."""

    field: str
    value: str


class Counting(Protocol):
    """Where it is counted what was done to identities."""

    folded: int


class FieldKind(NamedTuple):
    """What a field of a document may hold."""

    required: bool
    words: tuple[str, ...]
    """The only values allowed, if any."""
    shape: re.Pattern[str] | None
    allowed: str
    longest: int
    truth: bool

    def fits(self, text: str) -> bool:
        """Whether a text may stand in the field."""
        if self.words:
            return text in self.words
        return self.shape is None or self.shape.fullmatch(text) is not None

    def typed(self, text: str) -> object:
        """The text as the field's type."""
        return _TRUTHS[text] if self.truth else text

    def check(self, text: str, where: str) -> None:
        """Refuse a feed that says a field always holds what it may not."""
        if not self.fits(text):
            raise FeedError(f"{where} is {text!r}; allowed: {self.allowed}")

    def check_table(self, table: CodeTable, name: str, where: str) -> None:
        """Refuse a feed whose codes stand for what the field may not hold."""
        for meaning, code in meanings(table).items():
            if meaning not in ("", IGNORE) and not self.fits(meaning):
                raise FeedError(
                    f"{name}: {code!r} stands for {meaning!r}; allowed for {where}: "
                    f'{self.allowed}, "ignore", or "" for no statement'
                )


REGION_NAME: Final = FieldKind(True, (), None, "a name", 200, truth=False)
"""What the region of a count may be."""


def field_kinds(spec: DocumentSpec) -> dict[str, FieldKind]:
    """What the fields of a document may hold, by name."""
    return _kinds(str(spec.__struct_config__.tag))


@cache
def _kinds(event_type: str) -> dict[str, FieldKind]:
    wire = WIRE_TYPES[event_type]
    required = {field.name for field in inspect.type_info(wire).fields if field.required}  # type: ignore[attr-defined] # a struct's
    return {name: _kind(name, t, name in required) for name, t in field_types(wire).items()}


def _kind(name: str, declared: Any, required: bool) -> FieldKind:
    info = inspect.type_info(declared)
    parts = list(info.types) if isinstance(info, inspect.UnionType) else [info]
    words: tuple[str, ...] = ()
    longest = 200
    for part in parts:
        if isinstance(part, inspect.LiteralType):
            words = tuple(map(str, part.values))
        elif isinstance(part, inspect.BoolType):
            words = tuple(_TRUTHS)
        elif isinstance(part, inspect.StrType):
            longest = part.max_length or longest
    truth = words == tuple(_TRUTHS)
    shape, allowed = None, "a text"
    if words:
        allowed = "one of " + ", ".join(words)
    elif name.endswith("province"):
        shape, allowed = _REGION, "an ISO 3166-2 code such as US-CA"
    elif name == "destination":
        shape, allowed = _COUNTRY, "an ISO 3166-1 code such as KZ"
    return FieldKind(required, words, shape, allowed, longest, truth)


def text_reader(
    name: str, column: str, kind: FieldKind, lookup: Lookup | None, table: CodeTable | None
) -> Translate:
    """Make what turns a column's text into a field's value."""
    must = kind.required or (table is not None and table.required)

    def translate(text: str) -> object:
        meaning = lookup(text) if lookup is not None else _cased(text, kind)
        if meaning is None:
            if kind.required:
                raise RowRefused("missing_value", column, "empty", kind.allowed)
            return None
        if meaning is UNMAPPED:
            if must:
                allowed = f"a value that the feed's codes for {name} know"
                raise RowRefused("unmapped_code", column, show(text), allowed)
            return Dropped(name, show(text))
        if not isinstance(meaning, str):
            return meaning
        return _tidy(name, column, meaning, kind)

    def translate_plain(text: str) -> object:
        """The usual text: nothing is to be done with it."""
        if text and text.isascii() and text.isprintable() and len(text) <= kind.longest:
            return text
        return translate(text)

    plain = lookup is None and not kind.words and kind.shape is None
    return translate_plain if plain else translate


def _cased(text: str, kind: FieldKind) -> object:
    """A text without a table of codes: as it is, or as one of the words that are allowed."""
    if not text:
        return None
    if kind.words:
        return text.lower() if text.lower() in kind.words else UNMAPPED
    if kind.shape is not None:
        return text.upper() if kind.shape.fullmatch(text.upper()) else UNMAPPED
    return text


def _tidy(name: str, column: str, text: str, kind: FieldKind) -> object:
    tidy = text if text.isascii() else unicodedata.normalize("NFKC", text).strip()
    if not tidy.isprintable() or len(tidy) > kind.longest:
        if kind.required:
            allowed = f"at most {kind.longest} printable characters"
            raise RowRefused("bad_text", column, show(text), allowed)
        return Dropped(name, show(text))
    return kind.typed(tidy) if tidy else None


def moment_reader(
    name: str, moment: Moment, zone: ZoneInfo, where: str, *, also_iso: bool
) -> dates.Read:
    """Make what reads a day or time.

    Raises
    ------
    FeedError
        For a format that there is not.
    """
    formats = [*moment.formats, *([dates.ISO] if also_iso and dates.ISO not in moment.formats else [])]
    try:
        return dates.reader(formats, moment.pivot, zone)
    except ValueError as error:
        hint = "; say which of them it is" if " or " in str(error) else ""
        raise FeedError(
            f"{where}: {str(error)!r} is no format of {name}{hint}; allowed: {dates.ALLOWED}"
        ) from None


def distance_reader(name: str, spec: Distance) -> Translate:
    """Make what reads kilometres."""
    number = number_reader(spec.decimal, spec.thousands)
    unit = 1.0 if spec.unit == "km" else KILOMETRES_A_MILE

    def translate(text: str) -> object:
        if not text:
            return None
        value = number(text)
        if value is None or not 0 <= value * unit <= _LARGEST_KILOMETRES:
            return Dropped(name, show(text))
        if value == 0 and spec.zero == "missing":
            return None
        return round(value * unit, 1)

    return translate


def amount_reader(name: str, spec: Amount) -> Translate:
    """Make what reads an amount in its own currency."""
    number = number_reader(spec.decimal, spec.thousands)

    def translate(text: str) -> object:
        if not text:
            return None
        value = number(text)
        if value is None or not 0 <= value * spec.factor <= _LARGEST_AMOUNT:
            return Dropped(name, show(text))
        if value == 0 and spec.zero == "missing":
            return None
        return value * spec.factor

    return translate


def identity_reader(
    spec: Identity, cells: Sequence[Cell], counting: Counting
) -> Callable[[Sequence[str]], str]:
    """Make what says which vehicle a row is about."""
    name = spec.columns[0] if len(spec.columns) == 1 else " + ".join(spec.columns)
    reads = [cell.read for cell in cells]
    if spec.kind == "vin" and not spec.digest:
        return _vin_reader(name, reads, counting, fold=spec.fold)
    scheme = f"{spec.scheme.upper()}:" if spec.scheme else ""

    def read(values: Sequence[str]) -> str:
        parts = [one(values) for one in reads]
        if not (any(parts) if spec.digest else all(parts)):
            raise RowRefused("missing_value", name, "empty", "a vehicle's number")
        text = "/".join(parts).upper()
        if spec.digest:
            return scheme + blake2b(text.encode(), digest_size=_DIGEST_SIZE).hexdigest().upper()
        identity = scheme + text.replace(" ", "-")
        if _VIN.fullmatch(identity) is None:
            allowed = "at most 40 printable ASCII characters with the scheme; `digest = true` else"
            raise RowRefused("bad_identity", name, show(text), allowed)
        return identity

    return read


def _vin_reader(
    name: str, reads: Sequence[Callable[[Sequence[str]], str]], counting: Counting, *, fold: bool
) -> Callable[[Sequence[str]], str]:
    single = reads[0] if len(reads) == 1 else None

    def read(values: Sequence[str]) -> str:
        text = single(values) if single else "".join(one(values) for one in reads)
        if len(text) == _VIN_LENGTH and text.isalnum() and text.isascii():
            return text.upper()
        if _VIN.fullmatch(text) is not None:
            return text.upper()
        if not text:
            raise RowRefused("missing_value", name, "empty", "a vehicle's number")
        tidy = unicodedata.normalize("NFKC", text).replace(" ", "")
        latin = to_latin(tidy.upper())
        if _VIN.fullmatch(tidy) is not None:
            return tidy.upper()
        if _VIN.fullmatch(latin) is not None:
            if fold:
                counting.folded += 1
                return latin
            allowed = "Latin letters; `fold = true` takes those that look so for Latin"
            raise RowRefused("bad_identity", name, show(text), allowed)
        allowed = "1 to 40 printable ASCII characters"
        raise RowRefused("bad_identity", name, show(text), allowed)

    return read
