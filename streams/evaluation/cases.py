"""Truth and observation side by side: one case per vehicle and detector that either speaks of."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import UNSET

from detectors import civil_time
from streams.evaluation.observing import ObservedRun, Sighting
from streams.evaluation.truth import Truth
from streams.evaluation.unusual import OF_A_MODEL
from streams.simulator.truth import ExpectedAlert, VehicleTruth

ORDINARY = "ordinary"
BEFORE = "before_stream"


@dataclass(frozen=True, slots=True)
class EvaluatedVehicle:
    """A vehicle and a detector."""

    vin: str
    detector: str
    vehicle: VehicleTruth | None
    """``None`` for an ordinary vehicle."""
    expected: ExpectedAlert | None
    tolerated: bool
    sighting: Sighting | None

    @property
    def label(self) -> str:
        """Class of the vehicle."""
        return ORDINARY if self.vehicle is None else self.vehicle.label

    @property
    def kind(self) -> str:
        """Kind of the class: scheme, look_alike or ordinary."""
        return ORDINARY if self.vehicle is None else self.vehicle.kind

    @property
    def fires(self) -> bool:
        """Whether an alert fires at the end."""
        return self.sighting is not None and bool(self.sighting.firing)

    @property
    def wrong(self) -> bool:
        """Whether an alert fires at the end that should not."""
        return self.fires and self.expected is None and not self.tolerated

    @property
    def withdrawn(self) -> bool:
        """Whether an alert that should not fire did so for a while."""
        spoke = self.sighting is not None and not self.fires
        return spoke and self.expected is None and not self.tolerated

    @property
    def documents_lost(self) -> bool:
        """Whether documents of the vehicle got lost (those from before the stream do not count)."""
        if self.vehicle is None or self.vehicle.missing is UNSET:
            return False
        return any(reason != BEFORE for reason in self.vehicle.missing)

    @property
    def provable(self) -> bool:
        """Whether the alert must come."""
        return self.expected is not None and self.expected.complete

    def days_since_provable(self) -> int | None:
        """Days from the day the scheme is provable to the first alert."""
        if self.expected is None:
            return None
        return self._days_since(datetime.date.fromisoformat(self.expected.provable_on).toordinal())

    def days_since_visible(self) -> int | None:
        """Days from the arrival of the last document, or from the deadline where that is later."""
        if self.expected is None or self.expected.visible_at is UNSET:
            return None
        provable = datetime.date.fromisoformat(self.expected.provable_on).toordinal()
        return self._days_since(max(provable, civil_time.parse(self.expected.visible_at).day))

    def _days_since(self, day: int) -> int | None:
        if not self.fires or self.sighting is None or self.sighting.first_day is None:
            return None
        return max(0, self.sighting.first_day - day)


def cases(truth: Truth, seen: ObservedRun) -> Iterator[EvaluatedVehicle]:
    """All cases, in a fixed order; what a model finds unusual is no case, for no truth speaks of it."""
    for vin, vehicle in truth.vehicles.items():
        for alert in vehicle.expected:
            sighting = seen.vehicles.get((vin, alert.detector))
            yield EvaluatedVehicle(
                vin, alert.detector, vehicle, alert, tolerated=False, sighting=sighting
            )
    for (vin, detector), said in seen.vehicles.items():
        if detector in OF_A_MODEL:
            continue
        found = truth.vehicles.get(vin)
        if found is None:
            yield EvaluatedVehicle(vin, detector, None, None, tolerated=False, sighting=said)
            continue
        if all(alert.detector != detector for alert in found.expected):
            tolerated = () if found.tolerated is UNSET else found.tolerated
            yield EvaluatedVehicle(
                vin, detector, found, None, tolerated=detector in tolerated, sighting=said
            )
