"""Who is behind the double sales: both sales of a vehicle with their parties, and what to ask for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from detectors.alerts import Alert
from detectors.country import Country
from detectors.documents import CustomsExport, Deregistration
from detectors.history import VehicleHistory
from streams.report.names import province_name

DOUBLE_SALE: Final = "double_sale"
"""The detector whose alerts are told by their parties."""


class SaleParties(NamedTuple):
    """What a document says of a sale."""

    seller: str | None
    buyer: str | None
    """Owner after a registration, exporter of a declaration."""
    invoice: str | None


class SoldVehicle(NamedTuple):
    """A vehicle under a double sale."""

    sales: dict[tuple[str, str], SaleParties]
    """By source and event id of the document."""
    exporter: str | None
    """Who declared it first as used."""
    declaration: str | None


def sold_vehicle(history: VehicleHistory) -> SoldVehicle:
    """Parties and numbers of a vehicle's documents."""
    sales = {}
    for document in history.documents:
        if isinstance(document, CustomsExport):
            parties = SaleParties(None, document.exporter_id, None)
        elif isinstance(document, Deregistration):
            continue
        else:
            parties = SaleParties(document.seller_id, document.owner_id, document.invoice_no)
        sales[document.source, document.event_id] = parties
    exports = history.used_exports
    if not exports:
        return SoldVehicle(sales, None, None)
    return SoldVehicle(sales, exports[0].exporter_id, exports[0].declaration_no)


def party_table(
    alerts: list[Alert], sold: Mapping[str, SoldVehicle], country: Country
) -> dict[str, Any]:
    """Double sales with their parties, for the page's own script to filter, rank and list.

    Columns, as in the store's view `double_sales`: day, province, vehicle, first seller, buyer and
    invoice, second buyer and invoice, exporter, declaration.
    """
    told = [alert for alert in alerts if alert.detector == DOUBLE_SALE and alert.subject in sold]
    rows = sorted((_row(alert, sold[alert.subject], country) for alert in told), key=_order)
    return {"provinces": sorted({row[1] for row in rows}), "rows": rows}


_NOBODY: Final = SaleParties(None, None, None)


def _row(alert: Alert, vehicle: SoldVehicle, country: Country) -> list[str | None]:
    cited = [vehicle.sales.get((one.source, one.event_id), _NOBODY) for one in alert.evidence[:2]]
    first, second = (*cited, _NOBODY, _NOBODY)[:2]
    return [
        alert.occurred_at[:10], province_name(country, alert.labels.get("province")), alert.subject,
        first.seller, first.buyer, first.invoice, second.buyer, second.invoice,
        vehicle.exporter, vehicle.declaration,
    ]  # fmt: skip


def _order(row: list[str | None]) -> list[str]:
    return [value or "" for value in row]
