"""One vehicle's dossier: its timeline, its sales, what fires and what nearly does."""

from dataclasses import dataclass

from detectors.alerts import Alert
from detectors.country import Country
from detectors.documents import (
    CustomsExport,
    Document,
    EventType,
    Registration,
    read_odometer,
)
from detectors.history import VehicleHistory
from detectors.near_misses import NearMiss, near_misses
from detectors.registry import Catalogue
from detectors.sales import Sale
from detectors.watermarks import Watermarks


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that can be said of one vehicle."""

    country: Country
    """Whose documents it is of."""
    history: VehicleHistory
    sales: tuple[Sale, ...]
    firing: list[Alert]
    near: list[NearMiss]
    waiting: list[tuple[str, EventType, int]]
    """Detector, awaited feed and last civil day of deadlines that have not passed."""


def dossier(
    catalogue: Catalogue, watermarks: Watermarks, history: VehicleHistory, firing: list[Alert]
) -> Dossier:
    """Put a vehicle's dossier together."""
    detectors = list(catalogue.detectors.values())
    pending = [
        (finding.detector, finding.deadline.feed, finding.deadline.last_day)
        for detector in detectors
        if detector.concerns(history)
        for finding in detector.judge(history)
        if finding.deadline is not None and not watermarks.have_passed(finding.deadline)
    ]
    near = [
        miss
        for detector in detectors
        if detector.concerns(history)
        for miss in near_misses(history, detector)
    ]
    return Dossier(catalogue.policy.country, history, history.sales, firing, near, pending)


def describe(document: Document, country: Country) -> str:
    """Say in half a line what a document states, amounts in a country's money."""
    if isinstance(document, Registration):
        parts = [_KINDS[document.kind], document.province, document.owner_type]
        parts += [_amount(document.price_cny, country)]
    elif isinstance(document, CustomsExport):
        parts = [f"export, {document.condition}, to {document.destination}"]
        parts += [_amount(document.value_cny, country), document.exit_customs]
    else:
        parts = [f"deregistered: {document.reason}", document.province]
    if document.date_precision == "month":
        parts.append("day not known")
    parts += [f"{each.field} could not be read" for each in document.dropped]
    kilometres = read_odometer(document)
    parts.append(None if kilometres is None else f"{kilometres:,.0f} km read")
    return ", ".join(part for part in parts if part)


_KINDS = {
    "initial": "first registration",
    "reregistration": "registration renewed",
    "transfer": "transfer",
    "pending_export": "transfer pending export",
}


def _amount(amount: float | None, country: Country) -> str | None:
    return None if amount is None else f"{amount:,.0f} {country.money_word}"
