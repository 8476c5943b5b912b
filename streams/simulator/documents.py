"""The documents as the registries publish them (the contract's fields, nothing else)."""

import msgspec
from msgspec import UNSET, UnsetType

SOURCES = {
    "registration": ("vehicle-registry", "used-car-market"),
    "deregistration": ("deregistration-office", "scrapping-platform"),
    "customs_export": ("customs", "licence-bureau"),
}
KINDS = ("initial", "transfer", "pending_export")
OWNER_TYPES = ("person", "company", "dealer", "exporter", "rental", "government")
USES = ("private", "commercial", "rental", "demo")
REASONS = ("export", "scrapped", "lost", "returned", "revoked", "other")
CONDITIONS = ("new", "used")
READINGS = ("not_read", "read")
TRADE_MODES = ("0110", "3339", "9739")


class RegistrationDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A registration document; absent fields are left out."""

    event_id: str
    source: str
    event_type: str
    vin: str
    occurred_at: str
    recorded_at: str
    kind: str
    revision: int = 0
    status: str | UnsetType = UNSET
    province: str | UnsetType = UNSET
    owner_id: str | UnsetType = UNSET
    owner_type: str | UnsetType = UNSET
    seller_id: str | UnsetType = UNSET
    price_cny: float | UnsetType = UNSET
    invoice_no: str | UnsetType = UNSET
    odometer_km: int | UnsetType = UNSET
    odometer_status: str | UnsetType = UNSET
    brand: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    fuel: str | UnsetType = UNSET
    use: str | UnsetType = UNSET
    plate: str | UnsetType = UNSET


class DeregistrationDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A deregistration document."""

    event_id: str
    source: str
    event_type: str
    vin: str
    occurred_at: str
    recorded_at: str
    reason: str
    revision: int = 0
    status: str | UnsetType = UNSET
    province: str | UnsetType = UNSET
    owner_id: str | UnsetType = UNSET


class CustomsExportDocument(msgspec.Struct, frozen=True, omit_defaults=True):
    """A customs-export document."""

    event_id: str
    source: str
    event_type: str
    vin: str
    occurred_at: str
    recorded_at: str
    declaration_no: str
    exporter_id: str
    destination: str
    condition: str
    revision: int = 0
    status: str | UnsetType = UNSET
    exporter_province: str | UnsetType = UNSET
    source_province: str | UnsetType = UNSET
    exit_customs: str | UnsetType = UNSET
    value_cny: float | UnsetType = UNSET
    odometer_km: int | UnsetType = UNSET
    odometer_status: str | UnsetType = UNSET
    hs_code: str | UnsetType = UNSET
    trade_mode: str | UnsetType = UNSET
    licence_no: str | UnsetType = UNSET
    licence_applied_at: str | UnsetType = UNSET
    manufacturer_letter: bool | UnsetType = UNSET
    exited_at: str | UnsetType = UNSET
    brand: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    fuel: str | UnsetType = UNSET
