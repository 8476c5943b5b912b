"""The documents as publishers write them: JSON objects, before normalisation.

Unknown fields are ignored. Names and types are the public contract; the limits keep one bad
publisher from filling the state of a vehicle.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from detectors.documents import (
    Condition,
    DatePrecision,
    DeregistrationReason,
    Fuel,
    OdometerStatus,
    OwnerType,
    RegistrationKind,
    Status,
    Use,
)

Text = Annotated[str, Meta(max_length=200)]
Code = Annotated[str, Meta(max_length=40)]
Time = Annotated[str, Meta(max_length=40)]
Money = Annotated[float, Meta(ge=0, le=1e10)]
Kilometres = Annotated[float, Meta(ge=0, le=1e7)]
Revision = Annotated[int, Meta(ge=0, le=2**31 - 1)]


class WireDocument(msgspec.Struct, tag_field="event_type", kw_only=True, gc=False):
    """Fields that every document has."""

    event_id: Text
    source: Text
    vin: Text
    occurred_at: Time
    recorded_at: Time | None = None
    revision: Revision = 0
    status: Status = "valid"
    date_precision: DatePrecision = "day"


class WireRegistration(WireDocument, tag="registration", kw_only=True, gc=False):
    """Fields of a registration."""

    kind: RegistrationKind
    province: Code | None = None
    owner_id: Text | None = None
    owner_type: OwnerType | None = None
    seller_id: Text | None = None
    price_cny: Money | None = None
    invoice_no: Text | None = None
    odometer_km: Kilometres | None = None
    odometer_status: OdometerStatus | None = None
    brand: Text | None = None
    model: Text | None = None
    fuel: Fuel | None = None
    use: Use | None = None
    plate: Code | None = None
    owner_group: Text | None = None
    seller_group: Text | None = None


class WireDeregistration(WireDocument, tag="deregistration", kw_only=True, gc=False):
    """Fields of a deregistration."""

    reason: DeregistrationReason
    province: Code | None = None
    owner_id: Text | None = None


class WireCustomsExport(WireDocument, tag="customs_export", kw_only=True, gc=False):
    """Fields of a customs export declaration."""

    declaration_no: Text
    exporter_id: Text
    destination: Code
    condition: Condition
    exporter_province: Code | None = None
    source_province: Code | None = None
    exit_customs: Text | None = None
    value_cny: Money | None = None
    odometer_km: Kilometres | None = None
    odometer_status: OdometerStatus | None = None
    hs_code: Code | None = None
    trade_mode: Code | None = None
    licence_no: Text | None = None
    licence_applied_at: Time | None = None
    manufacturer_letter: bool | None = None
    exited_at: Time | None = None
    brand: Text | None = None
    model: Text | None = None
    fuel: Fuel | None = None


WIRE_TYPES: dict[str, type[WireDocument]] = {
    "registration": WireRegistration,
    "deregistration": WireDeregistration,
    "customs_export": WireCustomsExport,
}

decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    WireRegistration | WireDeregistration | WireCustomsExport
)
