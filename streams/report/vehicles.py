"""What one pass over all vehicles gives: counts that stay small however many vehicles there are."""

from collections import Counter
from collections.abc import Collection, Container, Iterable
from typing import ClassVar, Protocol, Self

from detectors.documents import Document
from detectors.history import Content, VehicleHistory
from detectors.judging import Judgement
from detectors.spikes.tally import Export
from streams.backfill.settled import Settled
from streams.report.adjusted_retail import AdjustedRetail, RetailSums
from streams.report.calendar import monday
from streams.report.parties import DOUBLE_SALE, SoldVehicle, sold_vehicle
from streams.state import record as records
from streams.state.store import Vehicles


class VehicleTally:
    """Counts over vehicles, and the histories of a few that were asked for.

    Parameters
    ----------
    wanted
        Vehicles whose histories are kept: the cases that the report tells in full.
    alerted
        Vehicles with alerts: who exported them is kept.
    sold_twice
        Vehicles under a double sale: the parties and numbers of their documents are kept.
    """

    needs: ClassVar[int] = Content.CUSTOMS_EXPORT

    def __init__(
        self,
        wanted: Collection[str] = (),
        alerted: Container[str] = (),
        sold_twice: Container[str] = (),
    ) -> None:
        self._wanted = frozenset(wanted)
        self._alerted = alerted
        self._sold_twice = sold_twice
        self.vehicles = 0
        self.documents = 0
        self.last_day: int | None = None
        """Newest civil day of any live document."""
        self.document_weeks: Counter[int] = Counter()
        """Live documents by Monday."""
        self.exports: Counter[tuple[str, int]] = Counter()
        """Used exports by province and Monday, one a vehicle."""
        self.retail = AdjustedRetail()
        self.cases: dict[str, VehicleHistory] = {}
        self.exporters: dict[str, str] = {}
        """Who declared a vehicle with alerts for export first, by VIN."""
        self.sold: dict[str, SoldVehicle] = {}
        """Vehicles under a double sale."""

    def add(self, history: VehicleHistory, export: Export | None) -> None:
        """Count a vehicle, and the used export that it counts for."""
        self.vehicles += 1
        self.documents += len(history.documents)
        for document in history.documents:
            self._date(document)
        self.retail.add(history)
        if export is not None:
            self.exports[export.province, monday(export.day)] += 1
        if history.declarations and history.vin in self._alerted:
            self.exporters[history.vin] = history.declarations[0].exporter_id
        if history.vin in self._sold_twice:
            self.sold[history.vin] = sold_vehicle(history)
        if history.vin in self._wanted:
            self.cases[history.vin] = history

    def see(self, judgement: Judgement, export: Export | None) -> None:
        """Count a vehicle that was just judged: with alerts if something fires."""
        history = judgement.history
        self.add(history, export)
        if judgement.firing and history.declarations:
            self.exporters[history.vin] = history.declarations[0].exporter_id
        if any(finding.detector == DOUBLE_SALE for finding in judgement.firing.values()):
            self.sold[history.vin] = sold_vehicle(history)

    def merge(self, other: Self) -> None:
        """Add what another one has counted."""
        self.vehicles += other.vehicles
        self.documents += other.documents
        self._reach(other.last_day)
        self.document_weeks += other.document_weeks
        self.exports += other.exports
        self.retail.merge(other.retail)
        self.exporters |= other.exporters
        self.sold |= other.sold

    def add_settled(self, settled: Settled) -> None:
        """Count vehicles that nobody had to open: none was exported."""
        self.vehicles += settled.vehicles
        self.documents += settled.documents
        self._reach(max(settled.by_day, default=None))
        for day, documents in settled.by_day.items():
            self.document_weeks[monday(day)] += documents
        for key, registered in settled.registered.items():
            self.retail.cells[key] += RetailSums(
                registered=registered.vehicles,
                turnover_fen=registered.turnover_fen,
                unpriced=registered.unpriced,
            )

    def _reach(self, day: int | None) -> None:
        if day is not None and (self.last_day is None or day > self.last_day):
            self.last_day = day

    def _date(self, document: Document) -> None:
        self.document_weeks[monday(document.day)] += 1
        self._reach(document.day)


class TalliedVehicles(Protocol):
    """Vehicles that were counted while they were judged."""

    @property
    def tally(self) -> VehicleTally:
        """What they come to."""

    def histories(self, vins: Iterable[str]) -> dict[str, VehicleHistory]:
        """Histories of a few of them."""


def tally_vehicles(
    store: Vehicles,
    wanted: Collection[str] = (),
    alerted: Container[str] = (),
    sold_twice: Container[str] = (),
) -> VehicleTally:
    """Go through all vehicles once, one at a time."""
    tally = VehicleTally(wanted, alerted, sold_twice)
    for vin in store.vins():
        data = store.get(vin)
        if data is not None:
            record = records.decode(data)
            history = VehicleHistory(vin, record.filed, overfull=record.overfull)
            tally.add(history, record.export)
    return tally
