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
    read_km: float | None = None
    letter = False
    # Loops: generators take twice as long, and this is asked of every sale.
    for reading in history.readings:
        if reading.day <= last and (read_km is None or reading.kilometres > read_km):
            read_km = reading.kilometres
    for declaration in history.declarations:
        letter = letter or bool(declaration.manufacturer_letter)
    return ModelFit(
        _age(history, sale, vin_tells_year=vin_tells_year),
        sale.document if sale.to_exporter else _step_abroad(history, sale.day, last),
        read_km,
        letter,
    )


def _step_abroad(history: VehicleHistory, first: int, last: int) -> SaleDocument | None:
    """The first step abroad between two days."""
    for document in history.sale_documents:
        if first <= document.day <= last and _leads_abroad(document):
            return document
    return None


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
