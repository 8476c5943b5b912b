"""What a simulated vehicle can be: schemes to find, look-alikes to leave alone, ordinary lives.

A look-alike names the detectors it could fool; a scheme's expected detectors depend on its days and are
written down vehicle by vehicle.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Label:
    """A class of vehicles."""

    name: str
    kind: str
    fools: tuple[str, ...] = ()


_SCHEMES = (
    "zero_mileage_export",
    "flash_registration",
    "early_export_without_letter",
    "parked_until_eligible",
    "resale_after_export",
    "export_not_declared",
    "deregistration_overdue",
    "document_conflict",
    "duplicate_export",
    "price_gap",
    "restricted_destination",
    "odometer_rollback",
    "vin_quality",
    "double_sale",
    "cloned_vin",
)
_LOOK_ALIKES = {
    "genuine_used_export": ("zero_mileage_export", "deregistration_overdue", "export_not_declared"),
    "personal_effects": ("zero_mileage_export", "document_conflict", "double_sale"),
    "official_export_with_letter": ("early_export_without_letter", "flash_registration"),
    "new_car_export": ("zero_mileage_export", "document_conflict"),
    "late_feed": ("export_not_declared", "deregistration_overdue"),
    "duplicate_feed": ("duplicate_export", "double_sale"),
    "odometer_not_read": ("zero_mileage_export", "odometer_rollback"),
    "rental_fleet_export": ("zero_mileage_export", "parked_until_eligible"),
    "demo_car_export": ("zero_mileage_export", "flash_registration"),
    "barely_used_export": ("zero_mileage_export",),
    "odometer_typo": ("odometer_rollback",),
    "reissued_document_export": ("duplicate_export", "double_sale", "document_conflict"),
    "self_registration": ("double_sale", "flash_registration"),
    "demo_car": ("double_sale", "flash_registration"),
    "domestic_zero_km": ("double_sale", "flash_registration"),
    "rental_fleet": ("double_sale",),
    "lemon_return": ("double_sale", "cloned_vin"),
    "return_to_seller": ("double_sale",),
    "registration_correction": ("cloned_vin", "double_sale"),
    "vin_correction": ("cloned_vin", "double_sale", "vin_quality"),
    "finance_lease": ("double_sale",),
    "insured_before_delivery": ("double_sale",),
    "wholesale_chain": ("double_sale",),
    "reissued_document": ("double_sale",),
    "used_dealer_flip": ("double_sale",),
}

ORDINARY = Label("ordinary", "ordinary")
LABELS: tuple[Label, ...] = (
    ORDINARY,
    *(Label(name, "scheme") for name in _SCHEMES),
    *(Label(name, "look_alike", fools) for name, fools in _LOOK_ALIKES.items()),
)
NUMBER = {label.name: number for number, label in enumerate(LABELS)}
