"""Single values of a document, normalised, or an error that says what is wrong with them.

What the decoder does to a text, an amount or a time is said here once: for one document, and for
those who look at many of them at once.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Final, NamedTuple

from detectors import civil_time
from detectors.errors import DocumentError, Reason
from detectors.rejection import show
from detectors.vin import LENGTH as _VIN_LENGTH
from detectors.wire import WireCustomsExport, WireDeregistration, WireRegistration

_NUMBER = re.compile(r"[!-~]{1,40}")
_DESTINATION = re.compile(r"[A-Za-z]{2}")
_VISIBLE: Final = bytes(range(ord("!"), ord("~") + 1))
"""Printable characters but the blank; to delete them takes a third of asking each whether it is one."""
_LONGEST_TEXT: Final = 200
_MOST_COMPATIBLE: Final = 18
"""Characters that one character may stand for (NFKC)."""
LEAST_AMOUNT: Final = 0.01
"""What is less is taken as nothing."""
_MOST_KNOWN_WORDS: Final = 50_000
_REQUIRED: Final = frozenset({"event_id", "source", "declaration_no", "exporter_id"})
AnyWire = WireRegistration | WireDeregistration | WireCustomsExport


class CountryTerms(NamedTuple):
    """What differs from country to country."""

    regions: Mapping[str, str]
    allowed_regions: str
    parse: Callable[[str], civil_time.CivilTime]


def is_tidy(identities: str) -> bool:
    """Whether the texts between the bars are as they should be: one look at all of them is cheap."""
    return (
        identities.isascii()
        and "||" not in identities
        and not identities.encode().translate(None, _VISIBLE)
    )


def tidy(wire: AnyWire, *fields: str) -> None:
    """Normalise texts in place."""
    for field in fields:
        normalise = _required if field in _REQUIRED else text_of
        setattr(wire, field, normalise(wire, field, getattr(wire, field)))


def word_of(wire: AnyWire, field: str, value: str | None) -> str | None:
    """Normalise a text of which a feed has only few: it is remembered, and shared in memory."""
    if value is None:
        return None
    word = _known_words.get(value)
    if word is None:
        word = text_of(wire, field, value)
        if word is not None and len(_known_words) < _MOST_KNOWN_WORDS:
            _known_words[value] = word
    return word


_known_words: dict[str, str] = {}


def text_of(wire: AnyWire, field: str, value: str | None) -> str | None:
    """Normalise a text: NFKC, trimmed, printable; an empty one counts as missing."""
    if value is None:
        return None
    if not value.isascii():
        value = unicodedata.normalize("NFKC", value)
        if len(value) > _LONGEST_TEXT:
            allowed = f"a text of at most {_LONGEST_TEXT} characters after normalisation (NFKC)"
            raise _rejected(wire, "out_of_range", field, value, allowed)
    value = value.strip()
    if value.isprintable():
        return value or None
    raise _rejected(wire, "bad_text", field, value, "printable characters only")


def are_texts(values: Collection[str]) -> bool:
    """Whether `text_of` certainly takes all of some texts; False where one has to be looked at.

    Of all of them together: a bar between them joins with nothing when Unicode composes characters.
    """
    joined = "|".join(values)
    if joined.isascii():
        return joined.isprintable()
    longest = max(map(len, values))
    return (
        longest * _MOST_COMPATIBLE <= _LONGEST_TEXT
        and unicodedata.normalize("NFKC", joined).isprintable()
    )


def amount_of(value: float | None) -> float | None:
    """Take less than a hundredth of the currency or of a kilometre as zero.

    No document states it, prices are divided by each other, and a negative zero is written differently
    from the zero that it equals.
    """
    return value if value is None or value >= LEAST_AMOUNT else 0.0


def _required(wire: AnyWire, field: str, value: str) -> str:
    text = text_of(wire, field, value)
    if text is None:
        raise _rejected(wire, "bad_text", field, value, "a text that is not empty")
    return text


def vin_of(wire: AnyWire) -> str:
    """Normalise a vehicle's number."""
    if len(wire.vin) == _VIN_LENGTH and wire.vin.isascii() and wire.vin.isalnum():
        return wire.vin.upper()
    vin = text_of(wire, "vin", wire.vin) or ""
    if _NUMBER.fullmatch(vin) is None:
        allowed = "1 to 40 printable ASCII characters without blanks"
        raise _rejected(wire, "bad_vin", "vin", wire.vin, allowed)
    return vin.upper()  # after the check: some letters outside ASCII have capitals inside it


def is_destination(value: str) -> bool:
    """Whether a text is a destination as it should be written, but for its case."""
    return _DESTINATION.fullmatch(value) is not None


def destination_of(wire: WireCustomsExport) -> str:
    """Normalise the country that a car goes to."""
    country = word_of(wire, "destination", wire.destination) or ""
    if not is_destination(country):
        allowed = "a two-letter country code of ISO 3166-1 (KZ)"
        raise _rejected(wire, "not_allowed", "destination", wire.destination, allowed)
    return country.upper()


def province_of(wire: AnyWire, field: str, value: str | None, terms: CountryTerms) -> str | None:
    """Normalise a province of the country."""
    if value is None or value in terms.regions:
        return value
    province = (text_of(wire, field, value) or "").upper()
    if province and province not in terms.regions:
        raise _rejected(wire, "not_allowed", field, value, terms.allowed_regions)
    return province or None


def times_of(wire: AnyWire, terms: CountryTerms) -> tuple[int, int | None, int | None, int | None]:
    """Read when it happened and, where that is told, when it was recorded: days and times of day."""
    recorded_at = wire.recorded_at
    try:
        day, time = terms.parse(wire.occurred_at)
        if recorded_at is None:
            return day, time, None, None
        return day, time, *terms.parse(recorded_at)
    except ValueError:  # one of them has blanks around it, or is no time
        day, time = time_of(wire, "occurred_at", wire.occurred_at, terms)
        return day, time, *optional_time_of(wire, "recorded_at", recorded_at, terms)


def time_of(wire: AnyWire, field: str, value: str, terms: CountryTerms) -> civil_time.CivilTime:
    """Read a time of the country."""
    try:
        return terms.parse(value.strip())
    except ValueError:
        raise _rejected(wire, "impossible_time", field, value, civil_time.ALLOWED) from None


def optional_time_of(
    wire: AnyWire, field: str, value: str | None, terms: CountryTerms
) -> tuple[int, int | None] | tuple[None, None]:
    """Read a time that may be missing."""
    return (None, None) if value is None else time_of(wire, field, value, terms)


def _rejected(wire: AnyWire, reason: Reason, field: str, value: object, allowed: str) -> DocumentError:
    return DocumentError(
        reason,
        field=field,
        value=show(value),
        allowed=allowed,
        document=f"{show(wire.source)}/{show(wire.event_id)}",
    )
