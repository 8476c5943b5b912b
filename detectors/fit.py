"""How well a sale fits the scheme: a young car, hardly driven, on its way abroad."""

from datetime import date
from typing import NamedTuple

from detectors import vin as vins
from detectors.documents import CustomsExport, counts_days
from detectors.history import VehicleHistory
from detectors.sales import Sale, SaleDocument


class ModelFit(NamedTuple):
    """What the documents say of it."""

    age_days: int | None
    """Age at the sale: by the first registration or, without one, at least by the VIN's year."""
    left: SaleDocument | None
    """The step abroad with the sale or soon after it."""
    read_km: float | None
    """Highest odometer reading by then."""
    letter: bool
    """Whether the maker wrote a letter for the export."""


def fit_of(
    history: VehicleHistory, sale: Sale, leaves_days: int, *, vin_tells_year: bool = True
) -> ModelFit:
    """Look at a sale.

    Parameters
    ----------
    history, sale
        The vehicle and one of its sales.
    leaves_days
        An export step up to this many days after the sale belongs to it.
    vin_tells_year
        Whether the VIN's tenth character is the model year where the vehicle is registered.
    """
    last = sale.day + leaves_days
    steps = (each for each in history.sale_documents if sale.day <= each.day <= last)
    return ModelFit(
        age_days=_age(history, sale, vin_tells_year=vin_tells_year),
        left=sale.document if sale.to_exporter else next(filter(_leads_abroad, steps), None),
        read_km=max((each.kilometres for each in history.readings if each.day <= last), default=None),
        letter=any(each.manufacturer_letter for each in history.declarations),
    )


def _age(history: VehicleHistory, sale: Sale, *, vin_tells_year: bool) -> int | None:
    """Days since first registration; without one, since the end of the VIN's year if that is past."""
    initial = history.initial
    if initial is not None:
        return max(0, sale.day - initial.day) if counts_days(initial) else None
    if not vin_tells_year or not vins.is_well_formed(history.vin):
        return None
    sold = date.fromordinal(sale.day).year
    year = vins.model_year(history.vin, sold + 1)
    return None if year is None or year >= sold else sale.day - date(year, 12, 31).toordinal()


def _leads_abroad(document: SaleDocument) -> bool:
    if isinstance(document, CustomsExport):
        return True
    return document.kind == "pending_export" or document.owner_type == "exporter"
