"""Life-cycle features: what the reference forest sees of an exported vehicle.

A life cycle is looked at when the vehicle leaves: at its *closing document*, the first export document
(pending export or declaration as used). Documents that follow the closing document change nothing, so a
judgement holds still while an export is completed.
"""

from itertools import pairwise
from math import nan

import msgspec

from detectors.documents import CustomsExport, Document, Registration, counts_days
from detectors.forest.feature_set import MONEY, Feature, FeatureSet, Relation
from detectors.history import Reading, VehicleHistory
from detectors.sales import Sale

LIFE_CYCLE = FeatureSet(
    name="life_cycle",
    features=(
        Feature(
            "age_days", "age at the closing document", "days", "log",
            "An honest used car leaves after years; the scheme needs days, or waits out a rule.",
            "no initial registration among the documents",
        ),
        Feature(
            "odometer_km", "odometer", "km", "log",
            "Use is what makes a used car; readings that nobody took do not count.",
            "no reading was taken in the 90 days up to the closing document",
        ),
        Feature(
            "shortest_holding_days", "shortest time in one owner's hands", "days", "log",
            "Nobody who wants a car keeps it for a day.",
            "fewer than two sales",
        ),
        Feature(
            "first_price_cny", "first price", MONEY, "log",
            "Papered cars are of few models; a price out of the world is a document of another car.",
            "the initial registration states no price",
        ),
        Feature(
            "business_owners", "share of owners that are businesses", "", "linear",
            "Companies, dealers and rental firms among the owners before the closing document.",
            "no owner's type is stated",
        ),
        Feature(
            "price_kept", "share of the first price at the last sale", "", "log",
            "A used car has lost value; one sold abroad as good as new has not.",
            "one of the two prices is not stated",
            seen=False,
        ),
        Feature(
            "changes_of_hands", "changes of hands", "", "log",
            "Sales up to and including the closing document; papering needs a nominee in between.",
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
        Relation("odometer_for_age", "odometer for its age", "odometer_km", ("age_days",)),
        Relation("price_kept_for_age", "price kept for its age", "price_kept", ("age_years",)),
        Relation(
            "owners_for_age", "changes of hands for its age", "changes_of_hands", ("age_years",)
        ),
    ),
)  # fmt: skip
"""The reference forest's features."""

DAYS_A_YEAR = 365.25

_BUSINESS = frozenset({"company", "dealer", "exporter", "rental"})


class Observation(msgspec.Struct, frozen=True, gc=False):
    """One vehicle as a forest sees it.

    Attributes
    ----------
    values
        Measured features in the order of their feature set, natural units, NaN where missing.
    province
        Province whose customs the values are compared with; empty when unknown.
    closing
        The document the judgement hangs on.
    sources
        Documents the values were taken from, in any order, some perhaps twice.
    """

    values: tuple[float, ...]
    province: str
    closing: Document
    sources: list[Document]

    def documents(self, history: VehicleHistory) -> list[Document]:
        """The sources in event order, each once."""
        used = set(map(id, self.sources))
        return [document for document in history.documents if id(document) in used]


def first_export_document(history: VehicleHistory) -> Registration | CustomsExport | None:
    """First pending-export registration or used-export declaration in event order."""
    endorsed, declared = history.pending_exports, history.used_exports
    if not declared:
        return endorsed[0] if endorsed else None
    # on one day the registration goes before the declaration
    if endorsed and endorsed[0].day <= declared[0].day:
        return endorsed[0]
    return declared[0]


def observe_life_cycle(history: VehicleHistory) -> Observation | None:
    """Measure a vehicle's life cycle.

    Returns
    -------
    Observation or None
        ``None`` while there is nothing to judge: no initial registration, or no export after it.
    """
    initial = history.initial
    if initial is None:
        return None
    closing = first_export_document(history)
    if closing is None or closing.day < initial.day or not counts_days(initial, closing):
        return None
    sales = _sales_until(history, closing)
    reading = _last_reading(history, closing)
    registrations = [r for r in history.registrations if r.day <= closing.day]
    age, price = closing.day - initial.day, initial.price_cny or nan
    last_price = (sales[-1].price_cny or nan) if len(sales) > 1 else nan
    values = (
        float(age),
        reading.kilometres if reading else nan,
        _shortest_holding(sales),
        price,
        _business_share(registrations, closing),
        last_price / price,
        float(len(sales)),
        age / DAYS_A_YEAR,
    )
    used: list[Document] = [initial, closing, *[sale.document for sale in sales]]
    if reading:
        used.append(reading.document)
    return Observation(values, _last_province(registrations), closing, used)


def _last_province(registrations: list[Registration]) -> str:
    for registration in reversed(registrations):
        if registration.province:
            return registration.province
    return ""


def _shortest_holding(sales: list[Sale]) -> float:
    if len(sales) < 2:  # noqa: PLR2004 - from one sale to the next
        return nan
    return float(min(later.day - earlier.day for earlier, later in pairwise(sales)))


def _business_share(registrations: list[Registration], closing: Document) -> float:
    """Share of businesses among the owners before the closing document whose type is stated."""
    owners = registrations[:-1] if registrations[-1] is closing else registrations
    types = [r.owner_type for r in owners or registrations if r.owner_type is not None]
    return len([None for each in types if each in _BUSINESS]) / len(types) if types else nan


def _sales_until(history: VehicleHistory, closing: Document) -> list[Sale]:
    """Sales up to the closing document."""
    sales: list[Sale] = []
    for sale in history.sales:
        if sale.day > closing.day:
            break
        sales.append(sale)
        if sale.document is closing:
            break
    return sales


def _last_reading(history: VehicleHistory, closing: Document) -> Reading | None:
    """Last reading up to the closing document, or, for an export, the one on its declaration.

    A pending-export registration carries no odometer as a rule; the declaration that follows does.
    A reading of long before says nothing of the closing document's day.
    """
    if isinstance(closing, Registration) and closing.kind == "pending_export":
        for reading in history.readings:
            if isinstance(reading.document, CustomsExport):
                return reading
    for reading in reversed(history.readings):
        if 0 <= closing.day - reading.day <= _READING_HOLDS_DAYS:
            return reading
    return None


_READING_HOLDS_DAYS = 90
