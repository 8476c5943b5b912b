"""Adjusted retail: registrations less the cars that were exported within 180 days.

One car counts once, under the province and month of its first live initial registration. It counts as
exported if a live export declaration follows within 180 civil days (that day included), whatever
condition it states: a registered car is not new. Money is summed in fen, hundredths of the
country's money, so that sums do not depend on the order of the vehicles.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final, TypeVar

from detectors.country import Country
from detectors.documents import CustomsExport, Registration
from detectors.history import VehicleHistory
from streams.report.calendar import month_number

WINDOW_DAYS: Final = 180
"""Notice 648 of the Ministry of Commerce (2025-11-14) counts the same 180 days."""

_FEN: Final = 100
_Part = TypeVar("_Part")

Key = tuple[str | None, int]
"""Province (``None`` where the document names none) and month number."""


@dataclass(slots=True)
class RetailSums:
    """What one province registered in one month, or a sum of such; money in fen."""

    registered: int = 0
    exported: int = 0
    """Of the registered, how many were declared for export within the window."""
    turnover_fen: int = 0
    """Prices at first registration, tax included."""
    double_counted_fen: int = 0
    """The part of the turnover whose cars stand in the export figures as well."""
    declared_fen: int = 0
    """Value free on board that customs saw for those cars."""
    purchase_taxed_fen: int = 0
    """Last prices on registrations before the export, tax included."""
    purchase_untaxed_fen: int = 0
    """Declared values of cars whose registrations name no price."""
    unpriced: int = 0
    """Registered cars without a price at first registration."""
    exported_unpriced: int = 0
    """Exported cars of which no document names a price."""

    def __iadd__(self, other: "RetailSums") -> "RetailSums":
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))
        return self

    @property
    def adjusted(self) -> int:
        """Registrations less exports."""
        return self.registered - self.exported

    @property
    def exported_share(self) -> float:
        """Share of the registered that was exported within the window."""
        return self.exported / self.registered if self.registered else 0.0

    def rebate_exposure_cny(self, country: Country) -> float:
        """Most that can have been claimed back: the full rate on every purchase price before tax."""
        before_tax = self.purchase_taxed_fen / (1 + country.value_added_tax) + self.purchase_untaxed_fen
        return country.export_rebate * before_tax / _FEN

    @property
    def double_counted_cny(self) -> float:
        """Turnover that is counted twice."""
        return self.double_counted_fen / _FEN

    @property
    def declared_cny(self) -> float:
        """Declared value of the exported cars."""
        return self.declared_fen / _FEN


class AdjustedRetail:
    """Sums by province and month of first registration."""

    def __init__(self) -> None:
        self.cells: defaultdict[Key, RetailSums] = defaultdict(RetailSums)
        self.never_registered: int = 0
        """Vehicles with an export declaration and no initial registration in the documents."""

    def add(self, history: VehicleHistory) -> None:
        """Count a vehicle."""
        initial = history.initial
        if initial is None:
            self.never_registered += bool(history.declarations)
            return
        cell = self.cells[initial.province, month_number(initial.day)]
        cell.registered += 1
        cell.turnover_fen += fen(initial.price_cny)
        cell.unpriced += initial.price_cny is None
        declaration = early_export(history, initial)
        if declaration is not None:
            _add_export(cell, history, initial, declaration)

    def merge(self, other: "AdjustedRetail") -> None:
        """Add what another one has counted."""
        for key, cell in other.cells.items():
            self.cells[key] += cell
        self.never_registered += other.never_registered

    def total(self, chosen: Callable[[Key], bool] = lambda _: True) -> RetailSums:
        """Sum of the chosen cells."""
        total = RetailSums()
        for key, cell in self.cells.items():
            if chosen(key):
                total += cell
        return total

    def by_province(self) -> dict[str | None, RetailSums]:
        """Sums over all months."""
        return self._summed(lambda key: key[0])

    def by_month(self) -> dict[int, RetailSums]:
        """Sums over all provinces."""
        return self._summed(lambda key: key[1])

    def _summed(self, part: Callable[[Key], _Part]) -> dict[_Part, RetailSums]:
        sums: defaultdict[_Part, RetailSums] = defaultdict(RetailSums)
        for key, cell in self.cells.items():
            sums[part(key)] += cell
        return dict(sums)


def early_export(history: VehicleHistory, initial: Registration) -> CustomsExport | None:
    """First export declaration within the window after a registration."""
    for declaration in history.declarations:
        if 0 <= declaration.day - initial.day <= WINDOW_DAYS:
            return declaration
    return None


def _add_export(
    cell: RetailSums, history: VehicleHistory, initial: Registration, declaration: CustomsExport
) -> None:
    cell.exported += 1
    cell.double_counted_fen += fen(initial.price_cny)
    cell.declared_fen += fen(declaration.value_cny)
    prices = [
        document.price_cny
        for document in history.registrations
        if document.day <= declaration.day and document.price_cny is not None
    ]
    if prices:
        cell.purchase_taxed_fen += fen(prices[-1])
    elif declaration.value_cny is not None:
        cell.purchase_untaxed_fen += fen(declaration.value_cny)
    else:
        cell.exported_unpriced += 1


def fen(amount: float | None) -> int:
    """An amount in whole fen; a missing one counts nothing."""
    return 0 if amount is None else round(amount * _FEN)
