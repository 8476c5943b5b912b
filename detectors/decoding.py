"""Bytes in, a normalised document out, or an error that says what is wrong.

The fast path decodes with msgspec and touches each text once. All explaining, and all dropping of bad
optional values, happens on the slow path, which only bad documents take.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from detectors import civil_time
from detectors.country import CHINA, Country
from detectors.documents import CustomsExport, Deregistration, Document, DroppedField, Registration
from detectors.errors import DocumentError
from detectors.normalising import (
    AnyWire,
    CountryTerms,
    amount_of,
    destination_of,
    is_tidy,
    optional_time_of,
    province_of,
    text_of,
    tidy,
    times_of,
    vin_of,
    word_of,
)
from detectors.salvage import optional_fields, salvage
from detectors.wire import WIRE_TYPES, WireCustomsExport, WireDeregistration, WireRegistration, decoder

MAXIMUM_BYTES: Final = 64 * 1024
"""Largest payload that is read at all."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_IDENTITIES: Final = (
    "event_id",
    "source",
    "owner_id",
    "seller_id",
    "invoice_no",
    "owner_group",
    "seller_group",
)


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


def _terms(country: Country, parse: Callable[[str], civil_time.CivilTime]) -> CountryTerms:
    allowed = f"an ISO 3166-2:{country.code} code, one of " + ", ".join(country.regions)
    return CountryTerms(country.regions, allowed, parse)


_CHINA: Final = _terms(CHINA, civil_time.parse)


def _decode(payload: bytes, terms: CountryTerms) -> Document:
    if len(payload) > MAXIMUM_BYTES:
        raise DocumentError(
            "oversize",
            field=None,
            value=f"{len(payload)} bytes long",
            allowed=f"at most {MAXIMUM_BYTES} bytes",
            document="(not read)",
        )
    try:
        wire = decoder.decode(payload)
        return _NORMALISE[type(wire)](wire, terms)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if payload.startswith(_BYTE_ORDER_MARK):
            return _decode(payload.removeprefix(_BYTE_ORDER_MARK), terms)
        wire, dropped = salvage(payload, error)
    except DocumentError as error:
        dropped = []
        if not _drop(wire, error, dropped):
            raise
    return _normalise_leniently(wire, dropped, terms)


def _normalise_leniently(wire: AnyWire, dropped: list[DroppedField], terms: CountryTerms) -> Document:
    while True:
        try:
            document = _NORMALISE[type(wire)](wire, terms)
        except DocumentError as error:
            if not _drop(wire, error, dropped):
                raise
        else:
            return msgspec.structs.replace(document, dropped=tuple(sorted(dropped)))


def _drop(wire: AnyWire, error: DocumentError, dropped: list[DroppedField]) -> bool:
    """Drop the value that a complaint is about, if the document may lack it; says whether it may.

    It does not raise the error itself: one that is raised where it is a parameter is in a cycle with
    its own traceback, and keeps what all frames there hold until the garbage collector comes by.
    """
    if error.field is None or error.field not in optional_fields(type(wire)):
        return False
    setattr(wire, error.field, None)
    dropped.append(DroppedField(error.field, error.value))
    return True


# Documents are made with their fields by position, in the order of their classes: with two dozen names
# msgspec takes 2.2 microseconds instead of 0.2, a tenth of all that is done with a document.


def _registration(wire: WireRegistration, terms: CountryTerms) -> Registration:
    identities = f"|{wire.event_id}|{wire.source}|{wire.owner_id}|{wire.seller_id}|{wire.invoice_no}|"
    # Groups are rare: they are looked at one by one, and the others need not be spelled for them.
    grouped = wire.owner_group is not None or wire.seller_group is not None
    if grouped or not is_tidy(identities):
        tidy(wire, *_IDENTITIES)
    day, time, recorded_day, recorded_time = times_of(wire, terms)
    return Registration(
        wire.event_id,
        wire.source,
        vin_of(wire),
        day,
        time,
        recorded_day,
        recorded_time,
        wire.revision,
        wire.status,
        wire.kind,
        province_of(wire, "province", wire.province, terms),
        wire.owner_id,
        wire.owner_type,
        wire.seller_id,
        amount_of(wire.price_cny),
        wire.invoice_no,
        amount_of(wire.odometer_km),
        wire.odometer_status,
        word_of(wire, "brand", wire.brand),
        word_of(wire, "model", wire.model),
        wire.fuel,
        wire.use,
        text_of(wire, "plate", wire.plate),
        wire.date_precision,
        (),
        wire.owner_group,
        wire.seller_group,
    )


def _deregistration(wire: WireDeregistration, terms: CountryTerms) -> Deregistration:
    if not is_tidy(f"|{wire.event_id}|{wire.source}|{wire.owner_id}|"):
        tidy(wire, "event_id", "source", "owner_id")
    day, time, recorded_day, recorded_time = times_of(wire, terms)
    return Deregistration(
        wire.event_id,
        wire.source,
        vin_of(wire),
        day,
        time,
        recorded_day,
        recorded_time,
        wire.revision,
        wire.status,
        wire.reason,
        province_of(wire, "province", wire.province, terms),
        wire.owner_id,
        wire.date_precision,
    )


def _customs_export(wire: WireCustomsExport, terms: CountryTerms) -> CustomsExport:
    identities = (
        f"|{wire.event_id}|{wire.source}|{wire.declaration_no}|{wire.exporter_id}|{wire.licence_no}|"
    )
    if not is_tidy(identities):
        tidy(wire, "event_id", "source", "declaration_no", "exporter_id", "licence_no")
    day, time, recorded_day, recorded_time = times_of(wire, terms)
    return CustomsExport(
        wire.event_id,
        wire.source,
        vin_of(wire),
        day,
        time,
        recorded_day,
        recorded_time,
        wire.revision,
        wire.status,
        wire.declaration_no,
        wire.exporter_id,
        destination_of(wire),
        wire.condition,
        province_of(wire, "exporter_province", wire.exporter_province, terms),
        province_of(wire, "source_province", wire.source_province, terms),
        word_of(wire, "exit_customs", wire.exit_customs),
        amount_of(wire.value_cny),
        amount_of(wire.odometer_km),
        wire.odometer_status,
        word_of(wire, "hs_code", wire.hs_code),
        word_of(wire, "trade_mode", wire.trade_mode),
        wire.licence_no,
        optional_time_of(wire, "licence_applied_at", wire.licence_applied_at, terms)[0],
        wire.manufacturer_letter,
        optional_time_of(wire, "exited_at", wire.exited_at, terms)[0],
        word_of(wire, "brand", wire.brand),
        word_of(wire, "model", wire.model),
        wire.fuel,
        wire.date_precision,
    )


_NORMALISE: Final[dict[type, Callable[[Any, CountryTerms], Document]]] = {
    WireRegistration: _registration,
    WireDeregistration: _deregistration,
    WireCustomsExport: _customs_export,
}
