"""What becomes of a vehicle's alerts when its record leaves the state."""

from __future__ import annotations

from collections.abc import Callable

from streams.engine.engine import Engine
from streams.engine.results import Result
from streams.state.record import VehicleRecord


class Closing:
    """Tells alerts that keep a vehicle from those that are closed with its record.

    What an alert says of a car stands until documents say otherwise. One that says how documents are
    written (a number that can be no VIN, a value that was dropped) has no more to say without them.

    Parameters
    ----------
    engine
        Knows the detectors.
    report
        Is told what was closed.
    """

    def __init__(self, engine: Engine, report: Callable[[Result], None]) -> None:
        self._engine = engine
        self._report = report

    def outlives(self, record: VehicleRecord) -> bool:
        """Whether an alert stands that the vehicle has to stay for."""
        known = self._engine.catalogue.known
        standing = (alert.finding.detector for alert in record.alerts if alert.finding is not None)
        return any(name not in known or not known[name].spec.of_documents for name in standing)

    def close(self, vin: str, record: VehicleRecord) -> None:
        """Resolve what stands of a vehicle; its record says so afterwards."""
        if any(alert.finding is not None for alert in record.alerts):
            self._report(self._engine.close(vin, record))
