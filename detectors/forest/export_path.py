"""Export features: what the forest among exports sees of a used export and its documents.

Nearly every used export is a zero-mileage one, so this forest takes the scheme as its normal case
and asks a different question: which export is unlike the other exports?
"""

from math import nan

from detectors.documents import CustomsExport, Document, Registration, counts_days
from detectors.forest.feature_set import MONEY, Feature, FeatureSet, Relation
from detectors.forest.life_cycle import DAYS_A_YEAR, Observation
from detectors.history import VehicleHistory

EXPORT_PATH = FeatureSet(
    name="export_path",
    features=(
        Feature(
            "age_days", "age at the declaration", "days", "log",
            "Exports come days after registration, just past 180 days, or after years of real use.",
            "no initial registration among the documents",
        ),
        Feature(
            "odometer_km", "declared odometer", "km", "log",
            "Delivery distance for the new, use for the old; anything between wants a story.",
            "the declaration states no reading",
        ),
        Feature(
            "endorsement_to_declaration_days", "days from pending export to the declaration",
            "days", "log",
            "The licence takes days; weeks mean a car parked or a document reused.",
            "no pending-export registration before the declaration",
        ),
        Feature(
            "licence_to_declaration_days", "days from the licence application to the declaration",
            "days", "log",
            "A licence is good for six months; late use is how quantities are stretched.",
            "the declaration states no application date",
        ),
        Feature(
            "declaration_to_exit_days", "days from the declaration to the exit", "days", "log",
            "Cleared cars leave at once; waiting ones may never have left.",
            "the declaration states no exit",
        ),
        Feature(
            "declaration_to_deregistration_days", "days from the declaration to deregistration",
            "days", "log",
            "Due within two months; far earlier or later is another story. Before counts as 0.",
            "not deregistered yet",
        ),
        Feature(
            "first_price_cny", "first price", MONEY, "log",
            "Which cars go abroad.",
            "the initial registration states no price",
        ),
        Feature(
            "value_kept", "declared value as a share of the first price", "", "log",
            "Over-declared for the rebate, under-declared for the duty.",
            "one of the two prices is not stated",
            seen=False,
        ),
        Feature(
            "changes_of_hands", "changes of hands before the declaration", "", "log",
            "A nominee and the exporter make two; a chain hides someone.",
            "never",
            seen=False,
        ),
        Feature(
            "age_years", "age", "years", "linear",
            "Prices fall and owners change with the years, not with their logarithm.",
            "as age_days",
            seen=False,
        ),
    ),
    relations=(
        Relation("odometer_for_age", "declared odometer for its age", "odometer_km", ("age_days",)),
        Relation(
            "value_kept_for_age", "declared value for its first price and age", "value_kept",
            ("age_years",),
        ),
        Relation(
            "owners_for_age", "changes of hands for its age", "changes_of_hands", ("age_years",)
        ),
    ),
)  # fmt: skip
"""The features of the forest among exports."""


def observe_export(history: VehicleHistory) -> Observation | None:
    """Measure a vehicle's first used-export declaration.

    Returns
    -------
    Observation or None
        ``None`` without an initial registration or a declaration as used after it.
    """
    initial = history.initial
    if initial is None or not history.used_exports:
        return None
    declaration = history.used_exports[0]
    if declaration.day < initial.day or not counts_days(initial, declaration):
        return None
    endorsement = _endorsement(history, declaration)
    sales = [sale for sale in history.sales if sale.day <= declaration.day]
    deregistration = history.deregistrations[0] if history.deregistrations else None
    day, age = declaration.day, declaration.day - initial.day
    price = initial.price_cny or nan
    values = (
        float(age),
        _declared_kilometres(history, declaration),
        _days(endorsement.day if endorsement else None, day),
        _days(declaration.licence_applied_day, day),
        _days(day, declaration.exited_day),
        _days(day, deregistration.day if deregistration else None),
        price,
        (declaration.value_cny or nan) / price,
        float(len(sales)),
        age / DAYS_A_YEAR,
    )
    used: list[Document] = [initial, declaration, *[sale.document for sale in sales]]
    used += [step for step in (endorsement, deregistration) if step is not None]
    origin = declaration.source_province or initial.province
    return Observation(
        values,
        declaration.exporter_province or origin or "",
        declaration,
        used,
    )


def _declared_kilometres(history: VehicleHistory, declaration: CustomsExport) -> float:
    for reading in history.readings:
        if reading.document is declaration:
            return reading.kilometres
    return nan


def _endorsement(history: VehicleHistory, declaration: CustomsExport) -> Registration | None:
    """Last pending-export registration up to the declaration."""
    for step in reversed(history.pending_exports):
        if step.day <= declaration.day:
            return step
    return None


def _days(start: int | None, end: int | None) -> float:
    """Days from one event to another, at least 0; NaN when one is missing."""
    if start is None or end is None:
        return nan
    return float(max(0, end - start))
