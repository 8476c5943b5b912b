"""The figures that head the report, each with the one definition that every place prints.

The database computes the same in its view `headline_figures`; a test holds the two side by side.
"""

from dataclasses import dataclass
from typing import Final

from detectors.country import Country
from streams.report.adjusted_retail import WINDOW_DAYS
from streams.report.alerts import AlertTally
from streams.report.vehicles import VehicleTally

_WINDOW: Final = f"declared for export within {WINDOW_DAYS} days of it"

DEFINITIONS: Final = {
    "firing_alerts": "Alerts that fire now, on vehicles and provinces, of detectors not on trial.",
    "high_or_critical_alerts": "Of the firing alerts, those of severity high or critical.",
    "critical_alerts": "Of the firing alerts, those of severity critical.",
    "vehicles_with_alerts": "Vehicles on which at least one such alert fires.",
    "vehicles": "Vehicles (VINs) of which any document was accepted.",
    "used_exports": "Vehicles with a used export declared and a known province, once each.",
    "registered": "Vehicles with a first registration, once each, in its month and province.",
    "exported_within_180_days": f"Of the registered, those {_WINDOW}, whatever condition is stated.",
    "exported_share": f"Share of the registered that was {_WINDOW}.",
    "double_counted_cny": (
        f"Prices at first registration of the cars {_WINDOW}; "
        "they stand in the export figures once more."
    ),
    "declared_cny": f"Declared values, free on board, of the cars {_WINDOW}.",
    "rebate_exposure_cny": (
        "{rebate:.0f} % of the last price on a registration before the export, less the tax in it, or "
        f"of the declared value where no registration names a price; cars registered and {_WINDOW}. "
        "An upper bound, no loss."
    ),
}
"""Name of the figure, as the database's view calls it, to what is counted."""


def definitions_of(country: Country) -> dict[str, str]:
    """The definitions with the country's rates in them."""
    rebate = DEFINITIONS["rebate_exposure_cny"].format(rebate=country.export_rebate * 100)
    return DEFINITIONS | {"rebate_exposure_cny": rebate}


@dataclass(frozen=True, slots=True)
class HeadlineFigures:
    """What heads the report; the names are those of `DEFINITIONS`, money in the country's."""

    firing_alerts: int
    high_or_critical_alerts: int
    critical_alerts: int
    vehicles_with_alerts: int
    vehicles: int
    used_exports: int
    registered: int
    exported_within_180_days: int
    exported_share: float
    double_counted_cny: float
    declared_cny: float
    rebate_exposure_cny: float


def headline_figures(alerts: AlertTally, vehicles: VehicleTally, country: Country) -> HeadlineFigures:
    """Gather the figures."""
    retail = vehicles.retail.total()
    critical = alerts.by_severity["critical"]
    return HeadlineFigures(
        firing_alerts=len(alerts.ranked),
        high_or_critical_alerts=critical + alerts.by_severity["high"],
        critical_alerts=critical,
        vehicles_with_alerts=alerts.vehicles,
        vehicles=vehicles.vehicles,
        used_exports=vehicles.exports.total(),
        registered=retail.registered,
        exported_within_180_days=retail.exported,
        exported_share=retail.exported_share,
        double_counted_cny=retail.double_counted_cny,
        declared_cny=retail.declared_cny,
        rebate_exposure_cny=retail.rebate_exposure_cny(country),
    )
