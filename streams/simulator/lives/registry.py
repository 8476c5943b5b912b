"""Which code writes which life of the parameter file."""

from collections.abc import Callable

from streams.simulator.block import Block
from streams.simulator.calendars import IntArray
from streams.simulator.lives import (
    domestic_look_alikes,
    domestic_schemes,
    export_look_alikes,
    export_schemes,
)

Life = Callable[[Block, IntArray], None]

EXPORT_LIVES: dict[str, Life] = {
    "flash_registration": export_schemes.flash_registration,
    "resale_after_export": export_schemes.resale_after_export,
    "export_not_declared": export_schemes.export_not_declared,
    "deregistration_overdue": export_schemes.deregistration_overdue,
    "document_conflict": export_schemes.document_conflict,
    "duplicate_export": export_schemes.duplicate_export,
    "price_gap": export_schemes.price_gap,
    "restricted_destination": export_schemes.restricted_destination,
    "odometer_rollback_export": export_schemes.odometer_rollback,
    "vin_quality_export": export_schemes.vin_quality,
    "double_sale_export": export_schemes.double_sale,
    "personal_effects": export_look_alikes.personal_effects,
    "official_export_with_letter": export_look_alikes.official_export_with_letter,
    "new_car_export": export_look_alikes.new_car_export,
    "late_feed": export_look_alikes.late_feed,
    "duplicate_feed": export_look_alikes.duplicate_feed,
    "odometer_not_read": export_look_alikes.odometer_not_read,
    "rental_fleet_export": export_look_alikes.rental_fleet,
    "demo_car_export": export_look_alikes.demo_car,
    "reissued_document_export": export_look_alikes.reissued_document,
    "barely_used_export": export_look_alikes.barely_used,
    "odometer_typo": export_look_alikes.odometer_typo,
}

DOMESTIC_LIVES: dict[str, Life] = {
    "double_sale_domestic": domestic_schemes.double_sale,
    "cloned_vin": domestic_schemes.cloned_vin,
    "odometer_rollback_domestic": domestic_schemes.odometer_rollback,
    "vin_quality_domestic": domestic_schemes.vin_quality,
    "self_registration": domestic_look_alikes.self_registration,
    "demo_car": domestic_look_alikes.demo_car,
    "domestic_zero_km": domestic_look_alikes.domestic_zero_km,
    "rental_fleet": domestic_look_alikes.rental_fleet,
    "lemon_return": domestic_look_alikes.lemon_return,
    "return_to_seller": domestic_look_alikes.return_to_seller,
    "registration_correction": domestic_look_alikes.registration_correction,
    "vin_correction": domestic_look_alikes.vin_correction,
    "finance_lease": domestic_look_alikes.finance_lease,
    "insured_before_delivery": domestic_look_alikes.insured_before_delivery,
    "wholesale_chain": domestic_look_alikes.wholesale_chain,
    "reissued_document": domestic_look_alikes.reissued_document,
    "used_dealer_flip": domestic_look_alikes.used_dealer_flip,
}

NEVER_ZERO = frozenset(
    {
        "flash_registration",
        "document_conflict",
        "odometer_rollback_export",
        "vin_quality_export",
        "personal_effects",
        "official_export_with_letter",
        "late_feed",
        "duplicate_feed",
        "odometer_not_read",
        "rental_fleet_export",
        "demo_car_export",
        "reissued_document_export",
        "barely_used_export",
        "odometer_typo",
    }
)
"""Export lives whose declaration never shows a read odometer near zero."""
