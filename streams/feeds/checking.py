"""What files of documents hold, before anybody judges them: coverage, unknown fields, refusals."""

from collections import Counter
from collections.abc import Container, Mapping
from difflib import get_close_matches
from typing import Any, Final

import msgspec

from detectors.country import CHINA, Country
from detectors.decoding import decode
from detectors.documents import Document
from detectors.errors import DocumentError
from detectors.identities import Decode
from detectors.type_text import field_types
from detectors.vin import NoCar, is_well_formed, no_car
from detectors.wire import WIRE_TYPES
from streams.feeds.reading import Line

_TIMES: Final = ("occurred_at", "recorded_at", "licence_applied_at", "exited_at")
_KNOWN: Final = {
    name: frozenset(field_types(kind)) | {"event_type"} for name, kind in WIRE_TYPES.items()
}
_DATE: Final = len("2025-03-01")
_raw = msgspec.json.Decoder(dict[str, Any]).decode


class StreamCheck:
    """Takes the lines of recorded streams one by one and counts.

    Parameters
    ----------
    words
        Numbers that the policy takes for no car.
    decode
        How documents are read.
    country
        Whose documents they are.
    """

    def __init__(
        self, words: Container[str] = (), decode: Decode = decode, country: Country = CHINA
    ) -> None:
        self._offsets = country.offsets
        self._words = words
        self._decode = decode
        self.read = 0
        self.accepted: Counter[str] = Counter()
        """By event type."""
        self.refused: Counter[str] = Counter()
        """By reason."""
        self.first_refused: dict[str, tuple[Line, DocumentError]] = {}
        self._shapes: Counter[tuple[str, tuple[str, ...]]] = Counter()
        """Event types and the fields stated together: far fewer than documents."""
        self.dropped: Counter[str] = Counter()
        """Optional values that were dropped, by field."""
        self.offsets: Counter[str] = Counter()
        """Time zone offsets that are not the country's."""
        self.month_precise = 0
        self.documents: Counter[str] = Counter()
        """By VIN."""
        self.reused: set[tuple[str, str]] = set()
        """Sources and event ids that stand under more than one VIN."""
        self.first_day: int | None = None
        self.last_day: int | None = None
        self._vins: dict[tuple[str, str], str] = {}

    def take(self, line: Line) -> None:
        """Count one line."""
        self.read += 1
        try:
            document = self._decode(line.value)
        except DocumentError as error:
            self.refused[error.reason] += 1
            self.first_refused.setdefault(error.reason, (line, error))
            return
        self._count(document)
        self._look_at(document.event_type, _raw(line.value.removeprefix(b"\xef\xbb\xbf")))

    def suggestion(self, event_type: str, name: str) -> str:
        """A field of the contract that an unknown one looks like, or an empty text."""
        known = _KNOWN[event_type]
        longer = sorted(field for field in known if field.startswith(f"{name.lower()}_"))
        alike = longer or get_close_matches(name.lower(), known, 1)
        return alike[0] if alike else ""

    def stated(self, event_type: str) -> Counter[str]:
        """How many documents of a type state each field, those that are not of the contract too."""
        counts: Counter[str] = Counter()
        for (kind, names), count in self._shapes.items():
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

    def _count(self, document: Document) -> None:
        vin, day = document.vin, document.day
        self.accepted[document.event_type] += 1
        self.documents[vin] += 1
        if self._vins.setdefault((document.source, document.event_id), vin) != vin:
            self.reused.add((document.source, document.event_id))
        if self.first_day is None or day < self.first_day:
            self.first_day = day
        if self.last_day is None or day > self.last_day:
            self.last_day = day
        for value in document.dropped:
            self.dropped[value.field] += 1

    def _look_at(self, event_type: str, fields: dict[str, Any]) -> None:
        stated = tuple(fields)
        if None in fields.values():
            stated = tuple(name for name, value in fields.items() if value is not None)
        self._shapes[event_type, stated] += 1
        if fields.get("date_precision") == "month":
            self.month_precise += 1
        for name in _TIMES:
            value = fields.get(name)
            if isinstance(value, str) and len(value) > _DATE and not value.endswith(self._offsets):
                self.offsets["Z" if value.endswith("Z") else value[-6:]] += 1


def _size(count: int) -> str:
    for limit, text in ((1, "1"), (2, "2"), (3, "3"), (9, "4 to 9"), (64, "10 to 64")):
        if count <= limit:
            return text
    return "more than 64"
