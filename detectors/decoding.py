"""Bytes in, a normalised document out, or an error that says what is wrong.

The fast path decodes with msgspec and touches each text once. All explaining, and all dropping of bad
optional values, happens on the slow path, which only bad documents take.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from detectors import civil_time
from detectors.country import CHINA, Country
from detectors.documents import CustomsExport, Deregistration, Document, DroppedField, Registration
from detectors.errors import DocumentError, Reason
from detectors.rejection import show
from detectors.salvage import optional_fields, salvage
from detectors.vin import LENGTH as _VIN_LENGTH
from detectors.wire import WIRE_TYPES, WireCustomsExport, WireDeregistration, WireRegistration, decoder

MAXIMUM_BYTES: Final = 64 * 1024
"""Largest payload that is read at all."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_VIN = re.compile(r"[!-~]{1,40}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_LONGEST_TEXT: Final = 200
_LEAST_AMOUNT: Final = 0.01
_MOST_KNOWN_WORDS: Final = 50_000
_REQUIRED: Final = frozenset({"event_id", "source", "declaration_no", "exporter_id"})
_IDENTITIES: Final = (
    "event_id",
    "source",
    "owner_id",
    "seller_id",
    "invoice_no",
    "owner_group",
    "seller_group",
)
_WireAny = WireRegistration | WireDeregistration | WireCustomsExport


def decode(payload: bytes) -> Document:
    """Decode and validate one document.

    A bad value of an optional field is dropped, and the document says so.

    Parameters
    ----------
    payload
        A JSON object in UTF-8, at most 64 KiB.

    Raises
    ------
    DocumentError
        With the reason, the document's identity, the field, its value and what is allowed.
    """
    return _decode(payload, _CHINA)


def decoder_of(country: Country) -> Callable[[bytes], Document]:
    """What decodes the documents of a country: its civil days and its regions."""
    return decode if country == CHINA else _CountryDecoder(country).decode


def field_decoder_of(country: Country) -> Callable[[Mapping[str, Any]], Document]:
    """What makes documents of a country of fields that somebody has read already.

    It takes faultless documents alone, and raises KeyError, TypeError, an error of msgspec or
    DocumentError for others: what becomes of those, only the decoder of their bytes says.
    """
    terms = _CHINA if country == CHINA else _CountryDecoder(country).terms

    def decode_fields(fields: Mapping[str, Any]) -> Document:
        wire_type = WIRE_TYPES[fields["event_type"]]  # of a union msgspec looks through the types anew
        return _NORMALISE[wire_type](msgspec.convert(fields, wire_type), terms)

    return decode_fields


class _Terms(NamedTuple):
    """What differs from country to country."""

    regions: Mapping[str, str]
    allowed_regions: str
    parse: Callable[[str], civil_time.CivilTime]


class _CountryDecoder:
    """Decodes the documents of one country; goes to other processes by its country."""

    def __init__(self, country: Country) -> None:
        self.country = country
        self.terms = _terms(country, civil_time.zone_reader(ZoneInfo(country.timezone)))

    def __reduce__(self) -> tuple[type["_CountryDecoder"], tuple[Country]]:
        return type(self), (self.country,)

    def decode(self, payload: bytes) -> Document:
        """Decode and validate one document."""
        return _decode(payload, self.terms)


def _terms(country: Country, parse: Callable[[str], civil_time.CivilTime]) -> _Terms:
    allowed = f"an ISO 3166-2:{country.code} code, one of " + ", ".join(country.regions)
    return _Terms(country.regions, allowed, parse)


_CHINA: Final = _terms(CHINA, civil_time.parse)


def _decode(payload: bytes, terms: _Terms) -> Document:
    if len(payload) > MAXIMUM_BYTES:
        raise DocumentError(
            "oversize",
            field=None,
            value=f"{len(payload)} bytes long",
            allowed=f"at most {MAXIMUM_BYTES} bytes",
            document="(not read)",
        )
    dropped: list[DroppedField] = []
    try:
        wire = decoder.decode(payload)
        return _NORMALISE[type(wire)](wire, terms)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if payload.startswith(_BYTE_ORDER_MARK):
            return _decode(payload.removeprefix(_BYTE_ORDER_MARK), terms)
        wire, dropped = salvage(payload, error)
    except DocumentError as error:
        _drop(wire, error, dropped)
    return _normalise_leniently(wire, dropped, terms)


def _normalise_leniently(wire: _WireAny, dropped: list[DroppedField], terms: _Terms) -> Document:
    while True:
        try:
            document = _NORMALISE[type(wire)](wire, terms)
        except DocumentError as error:
            _drop(wire, error, dropped)
        else:
            return msgspec.structs.replace(document, dropped=tuple(sorted(dropped)))


def _drop(wire: _WireAny, error: DocumentError, dropped: list[DroppedField]) -> None:
    """Drop the value that a complaint is about, if the document may lack it."""
    if error.field is None or error.field not in optional_fields(type(wire)):
        raise error
    setattr(wire, error.field, None)
    dropped.append(DroppedField(error.field, error.value))


# Documents are made with their fields by position, in the order of their classes: with two dozen names
# msgspec takes 2.2 microseconds instead of 0.2, a tenth of all that is done with a document.


def _registration(wire: WireRegistration, terms: _Terms) -> Registration:
    identities = (
        f"|{wire.event_id}|{wire.source}|{wire.owner_id}|{wire.seller_id}|{wire.invoice_no}"
        f"|{wire.owner_group}|{wire.seller_group}|"
    )
    if not _is_tidy(identities):
        _tidy(wire, *_IDENTITIES)
    day, time = _time(wire, "occurred_at", wire.occurred_at, terms)
    recorded_day, recorded_time = _optional_time(wire, "recorded_at", wire.recorded_at, terms)
    return Registration(
        wire.event_id,
        wire.source,
        _vin(wire),
        day,
        time,
        recorded_day,
        recorded_time,
        wire.revision,
        wire.status,
        wire.kind,
        _province(wire, "province", wire.province, terms),
        wire.owner_id,
        wire.owner_type,
        wire.seller_id,
        _amount(wire.price_cny),
        wire.invoice_no,
        _amount(wire.odometer_km),
        wire.odometer_status,
        _word(wire, "brand", wire.brand),
        _word(wire, "model", wire.model),
        wire.fuel,
        wire.use,
        _text(wire, "plate", wire.plate),
        wire.date_precision,
        (),
        wire.owner_group,
        wire.seller_group,
    )


def _deregistration(wire: WireDeregistration, terms: _Terms) -> Deregistration:
    if not _is_tidy(f"|{wire.event_id}|{wire.source}|{wire.owner_id}|"):
        _tidy(wire, "event_id", "source", "owner_id")
    day, time = _time(wire, "occurred_at", wire.occurred_at, terms)
    recorded_day, recorded_time = _optional_time(wire, "recorded_at", wire.recorded_at, terms)
    return Deregistration(
        wire.event_id,
        wire.source,
        _vin(wire),
        day,
        time,
        recorded_day,
        recorded_time,
        wire.revision,
        wire.status,
        wire.reason,
        _province(wire, "province", wire.province, terms),
        wire.owner_id,
        wire.date_precision,
    )


def _customs_export(wire: WireCustomsExport, terms: _Terms) -> CustomsExport:
    identities = (
        f"|{wire.event_id}|{wire.source}|{wire.declaration_no}|{wire.exporter_id}|{wire.licence_no}|"
    )
    if not _is_tidy(identities):
        _tidy(wire, "event_id", "source", "declaration_no", "exporter_id", "licence_no")
    day, time = _time(wire, "occurred_at", wire.occurred_at, terms)
    recorded_day, recorded_time = _optional_time(wire, "recorded_at", wire.recorded_at, terms)
    return CustomsExport(
        wire.event_id,
        wire.source,
        _vin(wire),
        day,
        time,
        recorded_day,
        recorded_time,
        wire.revision,
        wire.status,
        wire.declaration_no,
        wire.exporter_id,
        _country(wire),
        wire.condition,
        _province(wire, "exporter_province", wire.exporter_province, terms),
        _province(wire, "source_province", wire.source_province, terms),
        _word(wire, "exit_customs", wire.exit_customs),
        _amount(wire.value_cny),
        _amount(wire.odometer_km),
        wire.odometer_status,
        _word(wire, "hs_code", wire.hs_code),
        _word(wire, "trade_mode", wire.trade_mode),
        wire.licence_no,
        _optional_time(wire, "licence_applied_at", wire.licence_applied_at, terms)[0],
        wire.manufacturer_letter,
        _optional_time(wire, "exited_at", wire.exited_at, terms)[0],
        _word(wire, "brand", wire.brand),
        _word(wire, "model", wire.model),
        wire.fuel,
        wire.date_precision,
    )


_NORMALISE: Final[dict[type, Callable[[Any, _Terms], Document]]] = {
    WireRegistration: _registration,
    WireDeregistration: _deregistration,
    WireCustomsExport: _customs_export,
}


def _is_tidy(identities: str) -> bool:
    """Whether the texts between the bars are as they should be: one look at all of them is cheap."""
    return (
        identities.isascii()
        and identities.isprintable()
        and " " not in identities
        and "||" not in identities
    )


def _tidy(wire: _WireAny, *fields: str) -> None:
    """Normalise texts in place."""
    for field in fields:
        normalise = _required if field in _REQUIRED else _text
        setattr(wire, field, normalise(wire, field, getattr(wire, field)))


def _word(wire: _WireAny, field: str, value: str | None) -> str | None:
    """Normalise a text of which a feed has only few: it is remembered, and shared in memory."""
    if value is None:
        return None
    word = _known_words.get(value)
    if word is None:
        word = _text(wire, field, value)
        if word is not None and len(_known_words) < _MOST_KNOWN_WORDS:
            _known_words[value] = word
    return word


_known_words: dict[str, str] = {}


def _text(wire: _WireAny, field: str, value: str | None) -> str | None:
    """Normalise a text: NFKC, trimmed, printable; an empty one counts as missing."""
    if value is None:
        return None
    if not value.isascii():
        value = unicodedata.normalize("NFKC", value)
        if len(value) > _LONGEST_TEXT:  # one character may stand for as many as eighteen
            allowed = f"a text of at most {_LONGEST_TEXT} characters after normalisation (NFKC)"
            raise _rejected(wire, "out_of_range", field, value, allowed)
    value = value.strip()
    if value.isprintable():
        return value or None
    raise _rejected(wire, "bad_text", field, value, "printable characters only")


def _amount(value: float | None) -> float | None:
    """Take less than a hundredth of the currency or of a kilometre as zero.

    No document states it, prices are divided by each other, and a negative zero is written differently
    from the zero that it equals.
    """
    return value if value is None or value >= _LEAST_AMOUNT else 0.0


def _required(wire: _WireAny, field: str, value: str) -> str:
    text = _text(wire, field, value)
    if text is None:
        raise _rejected(wire, "bad_text", field, value, "a text that is not empty")
    return text


def _vin(wire: _WireAny) -> str:
    if len(wire.vin) == _VIN_LENGTH and wire.vin.isascii() and wire.vin.isalnum():
        return wire.vin.upper()
    vin = _text(wire, "vin", wire.vin) or ""
    if _VIN.fullmatch(vin) is None:
        allowed = "1 to 40 printable ASCII characters without blanks"
        raise _rejected(wire, "bad_vin", "vin", wire.vin, allowed)
    return vin.upper()  # after the check: some letters outside ASCII have capitals inside it


def _country(wire: WireCustomsExport) -> str:
    country = _word(wire, "destination", wire.destination) or ""
    if _COUNTRY.fullmatch(country) is None:
        allowed = "a two-letter country code of ISO 3166-1 (KZ)"
        raise _rejected(wire, "not_allowed", "destination", wire.destination, allowed)
    return country.upper()


def _province(wire: _WireAny, field: str, value: str | None, terms: _Terms) -> str | None:
    if value is None or value in terms.regions:
        return value
    province = (_text(wire, field, value) or "").upper()
    if province and province not in terms.regions:
        raise _rejected(wire, "not_allowed", field, value, terms.allowed_regions)
    return province or None


def _time(wire: _WireAny, field: str, value: str, terms: _Terms) -> civil_time.CivilTime:
    try:
        return terms.parse(value.strip())
    except ValueError:
        raise _rejected(wire, "impossible_time", field, value, civil_time.ALLOWED) from None


def _optional_time(
    wire: _WireAny, field: str, value: str | None, terms: _Terms
) -> tuple[int, int | None] | tuple[None, None]:
    return (None, None) if value is None else _time(wire, field, value, terms)


def _rejected(wire: _WireAny, reason: Reason, field: str, value: object, allowed: str) -> DocumentError:
    return DocumentError(
        reason,
        field=field,
        value=show(value),
        allowed=allowed,
        document=f"{show(wire.source)}/{show(wire.event_id)}",
    )
