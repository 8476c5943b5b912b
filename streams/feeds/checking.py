"""What files of documents hold, before anybody judges them: coverage, unknown fields, refusals."""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, Self

import msgspec

from detectors.country import Country
from detectors.decoding import MAXIMUM_BYTES, decoder_of, field_decoder_of
from detectors.documents import Document
from detectors.errors import DocumentError, Reason
from detectors.salvage import read_fields
from detectors.type_text import field_types
from detectors.vin import NoCar, is_well_formed, no_car
from detectors.wire import WIRE_TYPES
from streams.feeds.recognition import BYTE_ORDER_MARK

_TIMES: Final = frozenset({"occurred_at", "recorded_at", "licence_applied_at", "exited_at"})
_KNOWN: Final = {
    name: frozenset(field_types(kind)) | {"event_type"} for name, kind in WIRE_TYPES.items()
}
_DATE: Final = len("2025-03-01")
_SEPARATOR: Final = "\x1f"
"""Stands in no text of a document, for it is not printable; nor does the next."""
_WITHIN: Final = "\x1e"
NOT_FAULTLESS: Final = (
    msgspec.MsgspecError, UnicodeDecodeError, RecursionError, DocumentError, KeyError, TypeError
)  # fmt: skip
"""What reading fields raises where a document has a fault."""
_raw = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(slots=True)
class CheckedLines:
    """What successive lines of a file hold."""

    lines: int = 0
    """How many they are, blank ones included."""
    read: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)
    first_refused: dict[Reason, tuple[int, str]] = field(default_factory=dict)
    """Number of the first line of each reason, from 1, and what is wrong with it."""
    shapes: dict[tuple[str, ...], int] = field(default_factory=dict)
    """Event types with the fields that are stated together: far fewer than documents."""
    dropped: Counter[str] = field(default_factory=Counter)
    offsets: Counter[str] = field(default_factory=Counter)
    month_precise: int = 0
    first_day: int | None = None
    last_day: int | None = None
    vins: str = ""
    """Of all documents, in their order."""
    identities: str = ""
    """Their sources and event ids, which may name a document under several VINs."""


class LineCheck:
    """Looks at lines; goes to other processes by its country.

    Parameters
    ----------
    country
        Whose documents they are.
    """

    def __init__(self, country: Country) -> None:
        self._country = country
        self._offsets = country.offsets
        self._decode = decoder_of(country)
        self._decode_fields = field_decoder_of(country)

    def __reduce__(self) -> tuple[type[Self], tuple[Country]]:
        return type(self), (self._country,)

    def look(self, lines: Iterable[bytes]) -> CheckedLines:
        """Look at successive lines, blank ones among them."""
        found = CheckedLines()
        vins: list[str] = []
        identities: list[str] = []
        days: set[int] = set()
        number = 0
        for number, line in enumerate(lines, 1):
            value = line.rstrip(b"\r")
            if not value or value.isspace():
                continue
            found.read += 1
            try:
                document, fields = self._read(value)
            except DocumentError as error:
                found.refused[error.reason] += 1
                found.first_refused.setdefault(error.reason, (number, str(error)))
                continue
            vins.append(document.vin)
            identities.append(f"{document.source}{_WITHIN}{document.event_id}")
            days.add(document.day)
            if document.dropped:
                found.dropped.update(dropped.field for dropped in document.dropped)
            self._look_at(document.event_type, fields, found)
        found.lines = number
        found.vins, found.identities = _SEPARATOR.join(vins), _SEPARATOR.join(identities)
        found.first_day, found.last_day = min(days, default=None), max(days, default=None)
        return found

    def _read(self, value: bytes) -> tuple[Document, dict[str, Any]]:
        """A document and its fields as they were written, which nearly always takes one decoding."""
        if len(value) <= MAXIMUM_BYTES:
            try:
                fields = _raw(value)
                return self._decode_fields(fields), fields
            except NOT_FAULTLESS:
                pass
        document = self._decode(value)
        return document, read_fields(value.removeprefix(BYTE_ORDER_MARK)) or {}

    def _look_at(self, event_type: str, fields: dict[str, Any], found: CheckedLines) -> None:
        shape = event_type, *fields
        if None in fields.values():
            stated = (name for name, value in fields.items() if value is not None)
            shape = event_type, *stated
        found.shapes[shape] = found.shapes.get(shape, 0) + 1
        if fields.get("date_precision") == "month":
            found.month_precise += 1
        for name in _times_of(shape):
            text = fields[name]
            if isinstance(text, str) and len(text) > _DATE and not text.endswith(self._offsets):
                found.offsets["Z" if text.endswith("Z") else text[-6:]] += 1


class StreamCheck:
    """Counts what lines of recorded streams hold, whoever looked at them.

    Parameters
    ----------
    words
        Numbers that the policy takes for no car.
    """

    def __init__(self, words: Container[str] = ()) -> None:
        self._words = words
        self.read = 0
        self.accepted: Counter[str] = Counter()
        """By event type."""
        self.refused: Counter[Reason] = Counter()
        self.first_refused: dict[Reason, tuple[str, str]] = {}
        """File and line of the first of each reason, and what is wrong with it."""
        self._shapes: Counter[tuple[str, ...]] = Counter()
        self.dropped: Counter[str] = Counter()
        """Optional values that were dropped, by field."""
        self.offsets: Counter[str] = Counter()
        """Time zone offsets that are not the country's."""
        self.month_precise = 0
        self.documents: Counter[str] = Counter()
        """By VIN."""
        self.reused: set[str] = set()
        """Documents, by source and event id, that stand under more than one VIN."""
        self.first_day: int | None = None
        self.last_day: int | None = None
        self._vins: dict[str, str] = {}

    def add(self, found: CheckedLines, file: str, before: int = 0) -> None:
        """Count lines of a file.

        Parameters
        ----------
        found
            What they hold.
        file
            What it is called.
        before
            Lines of it that came before them.
        """
        self.read += found.read
        for (event_type, *_), count in found.shapes.items():
            self.accepted[event_type] += count
        self.refused += found.refused
        for reason, (number, why) in found.first_refused.items():
            self.first_refused.setdefault(reason, (f"{file}:{before + number}", why))
        self._shapes.update(found.shapes)
        self.dropped += found.dropped
        self.offsets += found.offsets
        self.month_precise += found.month_precise
        self.first_day = min(_stated_days(self.first_day, found.first_day), default=None)
        self.last_day = max(_stated_days(self.last_day, found.last_day), default=None)
        if found.vins:
            self._note_vehicles(found.vins.split(_SEPARATOR), found.identities.split(_SEPARATOR))

    def _note_vehicles(self, vins: list[str], identities: list[str]) -> None:
        self.documents.update(vins)
        known = self._vins.setdefault
        for identity, vin in zip(identities, vins, strict=True):
            if known(identity, vin) != vin:
                self.reused.add(identity)

    def suggestion(self, event_type: str, name: str) -> str:
        """A field of the contract that an unknown one looks like, or an empty text."""
        known = _KNOWN[event_type]
        longer = sorted(field for field in known if field.startswith(f"{name.lower()}_"))
        alike = longer or get_close_matches(name.lower(), known, 1)
        return alike[0] if alike else ""

    def stated(self, event_type: str) -> Counter[str]:
        """How many documents of a type state each field, those that are not of the contract too."""
        counts: Counter[str] = Counter()
        for (kind, *names), count in self._shapes.items():
            if kind == event_type:
                counts.update(dict.fromkeys(names, count))
        return counts

    @property
    def unknown(self) -> Counter[tuple[str, str]]:
        """Fields that are not of the contract, by event type and name."""
        return Counter(
            {
                (kind, name): count
                for kind, known in _KNOWN.items()
                for name, count in self.stated(kind).items()
                if name not in known
            }
        )

    @property
    def well_formed(self) -> int:
        """Vehicles whose number is a VIN by its length, letters and digits."""
        return sum(map(is_well_formed, self.documents))

    @property
    def no_cars(self) -> dict[NoCar, int]:
        """Documents whose number identifies no car, by what it is."""
        found: Counter[NoCar] = Counter()
        for vin, count in self.documents.items():
            if (why := no_car(vin, self._words)) is not None:
                found[why] += count
        return dict(found)

    @property
    def per_vehicle(self) -> Mapping[str, int]:
        """How many vehicles have how many documents."""
        return Counter(_size(count) for count in sorted(self.documents.values()))


def _stated_days(*days: int | None) -> list[int]:
    return [day for day in days if day is not None]


@lru_cache(maxsize=10_000)
def _times_of(shape: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in shape[1:] if name in _TIMES)


def _size(count: int) -> str:
    for limit, text in ((1, "1"), (2, "2"), (3, "3"), (9, "4 to 9"), (64, "10 to 64")):
        if count <= limit:
            return text
    return "more than 64"
