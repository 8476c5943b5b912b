"""What a simulated vehicle can be: schemes to find, innocent oddities to leave alone, ordinary lives.

A label is intent: what its people were about. What a detector should make of it is no business here.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Label:
    """A class of vehicles."""

    name: str
    kind: str


_SCHEMES = (
    "zero_mileage_export",
    "flash_registration",
    "early_export_without_letter",
    "parked_until_eligible",
    "resale_after_export",
    "export_not_declared",
    "document_conflict",
    "duplicate_export",
    "price_gap",
    "restricted_destination",
    "odometer_rollback",
    "double_sale",
    "cloned_vin",
)
_INNOCENT = (
    "deregistration_overdue",
    "vin_quality",
    "genuine_used_export",
    "personal_effects",
    "official_export_with_letter",
    "new_car_export",
    "late_feed",
    "duplicate_feed",
    "odometer_not_read",
    "rental_fleet_export",
    "demo_car_export",
    "barely_used_export",
    "odometer_typo",
    "reissued_document_export",
    "self_registration",
    "demo_car",
    "domestic_zero_km",
    "rental_fleet",
    "lemon_return",
    "return_to_seller",
    "registration_correction",
    "vin_correction",
    "finance_lease",
    "insured_before_delivery",
    "wholesale_chain",
    "reissued_document",
    "used_dealer_flip",
)

ORDINARY = Label("ordinary", "ordinary")
LABELS: tuple[Label, ...] = (
    ORDINARY,
    *(Label(name, "scheme") for name in _SCHEMES),
    *(Label(name, "innocent") for name in _INNOCENT),
)
NUMBER = {label.name: number for number, label in enumerate(LABELS)}
