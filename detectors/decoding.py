"""Bytes in, a normalised document out, or an error that says what is wrong.

The fast path decodes with msgspec and touches each text once. All explaining happens on the slow
path, which only bad documents take.
"""

import re
import unicodedata
from typing import Final

import msgspec

from detectors import civil_time
from detectors.documents import CustomsExport, Deregistration, Document, Registration
from detectors.errors import DocumentError, Reason
from detectors.provinces import PROVINCES
from detectors.rejection import explain_rejection, show
from detectors.wire import WireCustomsExport, WireDeregistration, WireRegistration, decoder

MAXIMUM_BYTES: Final = 64 * 1024
"""Largest payload that is read at all."""

_VIN = re.compile(r"[!-~]{1,40}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_LONGEST_TEXT: Final = 200
_LEAST_AMOUNT: Final = 0.01
_WireAny = WireRegistration | WireDeregistration | WireCustomsExport


def decode(payload: bytes) -> Document:
    """Decode and validate one document.

    Parameters
    ----------
    payload
        A JSON object in UTF-8, at most 64 KiB.

    Raises
    ------
    DocumentError
        With the reason, the document's identity, the field, its value and what is allowed.
    """
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
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise explain_rejection(payload, error) from None
    return _normalise(wire)


def _normalise(wire: _WireAny) -> Document:
    if isinstance(wire, WireRegistration):
        return _registration(wire)
    if isinstance(wire, WireCustomsExport):
        return _customs_export(wire)
    return _deregistration(wire)


def _registration(wire: WireRegistration) -> Registration:
    day, time = _time(wire, "occurred_at", wire.occurred_at)
    recorded_day, recorded_time = _optional_time(wire, "recorded_at", wire.recorded_at)
    return Registration(
        event_id=_required(wire, "event_id", wire.event_id),
        source=_required(wire, "source", wire.source),
        vin=_vin(wire),
        day=day,
        time=time,
        recorded_day=recorded_day,
        recorded_time=recorded_time,
        revision=wire.revision,
        status=wire.status,
        kind=wire.kind,
        province=_province(wire, "province", wire.province),
        owner_id=_text(wire, "owner_id", wire.owner_id),
        owner_type=wire.owner_type,
        seller_id=_text(wire, "seller_id", wire.seller_id),
        price_cny=_amount(wire.price_cny),
        invoice_no=_text(wire, "invoice_no", wire.invoice_no),
        odometer_km=_amount(wire.odometer_km),
        odometer_status=wire.odometer_status,
        brand=_text(wire, "brand", wire.brand),
        model=_text(wire, "model", wire.model),
        fuel=wire.fuel,
        use=wire.use,
        plate=_text(wire, "plate", wire.plate),
    )


def _deregistration(wire: WireDeregistration) -> Deregistration:
    day, time = _time(wire, "occurred_at", wire.occurred_at)
    recorded_day, recorded_time = _optional_time(wire, "recorded_at", wire.recorded_at)
    return Deregistration(
        event_id=_required(wire, "event_id", wire.event_id),
        source=_required(wire, "source", wire.source),
        vin=_vin(wire),
        day=day,
        time=time,
        recorded_day=recorded_day,
        recorded_time=recorded_time,
        revision=wire.revision,
        status=wire.status,
        reason=wire.reason,
        province=_province(wire, "province", wire.province),
        owner_id=_text(wire, "owner_id", wire.owner_id),
    )


def _customs_export(wire: WireCustomsExport) -> CustomsExport:
    day, time = _time(wire, "occurred_at", wire.occurred_at)
    recorded_day, recorded_time = _optional_time(wire, "recorded_at", wire.recorded_at)
    return CustomsExport(
        event_id=_required(wire, "event_id", wire.event_id),
        source=_required(wire, "source", wire.source),
        vin=_vin(wire),
        day=day,
        time=time,
        recorded_day=recorded_day,
        recorded_time=recorded_time,
        revision=wire.revision,
        status=wire.status,
        declaration_no=_required(wire, "declaration_no", wire.declaration_no),
        exporter_id=_required(wire, "exporter_id", wire.exporter_id),
        destination=_country(wire),
        condition=wire.condition,
        exporter_province=_province(wire, "exporter_province", wire.exporter_province),
        source_province=_province(wire, "source_province", wire.source_province),
        exit_customs=_text(wire, "exit_customs", wire.exit_customs),
        value_cny=_amount(wire.value_cny),
        odometer_km=_amount(wire.odometer_km),
        odometer_status=wire.odometer_status,
        hs_code=_text(wire, "hs_code", wire.hs_code),
        trade_mode=_text(wire, "trade_mode", wire.trade_mode),
        licence_no=_text(wire, "licence_no", wire.licence_no),
        licence_applied_day=_optional_time(wire, "licence_applied_at", wire.licence_applied_at)[0],
        manufacturer_letter=wire.manufacturer_letter,
        exited_day=_optional_time(wire, "exited_at", wire.exited_at)[0],
        brand=_text(wire, "brand", wire.brand),
        model=_text(wire, "model", wire.model),
        fuel=wire.fuel,
    )


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
    """Take less than a hundredth of a yuan or kilometre as zero.

    No paper states it, prices are divided by each other, and a negative zero is written differently
    from the zero that it equals.
    """
    return value if value is None or value >= _LEAST_AMOUNT else 0.0


def _required(wire: _WireAny, field: str, value: str) -> str:
    text = _text(wire, field, value)
    if text is None:
        raise _rejected(wire, "bad_text", field, value, "a text that is not empty")
    return text


def _vin(wire: _WireAny) -> str:
    vin = _text(wire, "vin", wire.vin) or ""
    if _VIN.fullmatch(vin) is None:
        allowed = "1 to 40 printable ASCII characters without blanks"
        raise _rejected(wire, "bad_vin", "vin", wire.vin, allowed)
    return vin.upper()  # after the check: some letters outside ASCII have capitals inside it


def _country(wire: WireCustomsExport) -> str:
    country = _text(wire, "destination", wire.destination) or ""
    if _COUNTRY.fullmatch(country) is None:
        allowed = "a two-letter country code of ISO 3166-1 (KZ)"
        raise _rejected(wire, "not_allowed", "destination", wire.destination, allowed)
    return country.upper()


def _province(wire: _WireAny, field: str, value: str | None) -> str | None:
    if value is None or value in PROVINCES:
        return value
    province = (_text(wire, field, value) or "").upper()
    if province and province not in PROVINCES:
        allowed = "an ISO 3166-2:CN code, one of " + ", ".join(PROVINCES)
        raise _rejected(wire, "not_allowed", field, value, allowed)
    return province or None


def _time(wire: _WireAny, field: str, value: str) -> civil_time.CivilTime:
    try:
        return civil_time.parse(value.strip())
    except ValueError:
        raise _rejected(wire, "impossible_time", field, value, civil_time.ALLOWED) from None


def _optional_time(
    wire: _WireAny, field: str, value: str | None
) -> tuple[int, int | None] | tuple[None, None]:
    return (None, None) if value is None else _time(wire, field, value)


def _rejected(wire: _WireAny, reason: Reason, field: str, value: object, allowed: str) -> DocumentError:
    return DocumentError(
        reason,
        field=field,
        value=show(value),
        allowed=allowed,
        document=f"{show(wire.source)}/{show(wire.event_id)}",
    )
