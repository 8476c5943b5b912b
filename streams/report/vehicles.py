"""What one pass over all vehicles gives: counts that stay small however many vehicles there are."""

from collections import Counter
from collections.abc import Collection, Container

from detectors.documents import Document
from detectors.history import VehicleHistory
from detectors.spikes.tally import Export
from streams.report.adjusted_retail import AdjustedRetail
from streams.report.calendar import monday
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
    """

    def __init__(self, wanted: Collection[str] = (), alerted: Container[str] = ()) -> None:
        self._wanted = frozenset(wanted)
        self._alerted = alerted
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
        if history.vin in self._wanted:
            self.cases[history.vin] = history

    def _date(self, document: Document) -> None:
        self.document_weeks[monday(document.day)] += 1
        if self.last_day is None or document.day > self.last_day:
            self.last_day = document.day


def tally_vehicles(
    store: Vehicles, wanted: Collection[str] = (), alerted: Container[str] = ()
) -> VehicleTally:
    """Go through all vehicles once, one at a time."""
    tally = VehicleTally(wanted, alerted)
    for vin in store.vins():
        data = store.get(vin)
        if data is not None:
            record = records.decode(data)
            history = VehicleHistory(vin, record.filed, overfull=record.overfull)
            tally.add(history, record.export)
    return tally
