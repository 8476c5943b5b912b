"""The odometer runs backwards."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import is_before
from detectors.findings import Finding
from detectors.history import Reading, VehicleHistory
from detectors.rules.implausible_reading import slips_of
from detectors.screens import Case, Limit, screen


class OdometerRollbackParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    tolerance_km: Annotated[float, Meta(ge=0, le=100_000)]
    """Readings may differ by this much from rounding."""
    maximum_km_a_day: Annotated[float, Meta(ge=1, le=10_000)]
    """A reading that no car could have reached is a slip, and rolls nothing back."""


class OdometerRollback(Detector[OdometerRollbackParameters]):
    """Fires on a reading well below an earlier one of another day."""

    spec = DetectorSpec(
        id="odometer_rollback",
        version=1,
        title="Odometer rollback",
        status="stable",
        severities=("medium", "high"),
        description="A later odometer reading lies below an earlier one.",
        abnormal_because="Odometers only count up; a lower reading means tampering or another car.",
        known_gaps=(
            "An instrument that was replaced lawfully shows the same. A mistyped high reading that a "
            "car could have driven makes all later ones look rolled back; the alert is on the first."
        ),
        look_alikes=(
            "Rounding; readings of one day in unknown order are not compared. A lone slip, and what a "
            "full register shows, are the business of implausible_reading."
        ),
        references=("European Parliament research on odometer tampering; Belgian mandatory readings",),
        runbook=(
            "Look at repair and inspection records of the days between both readings.",
            "Check whether the higher reading has one digit too many.",
        ),
        screen=screen(Case(conditions=(Limit("odometer_fall", ">", "tolerance_km"),), documents=2)),
    )
    parameters_type = OdometerRollbackParameters
    margins = (Margin("tolerance_km", "drop_km", 0.2, "km"),)

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding, on the first reading that falls."""
        highest: Reading | None = None
        limits = self.parameters
        slips = slips_of(history, limits.tolerance_km, limits.maximum_km_a_day)
        for reading in sorted(history.readings, key=lambda r: (r.day, r.kilometres)):
            if reading in slips:
                continue
            if highest is not None and is_before(highest.document, reading.document):
                drop = highest.kilometres - reading.kilometres
                if drop > self.parameters.tolerance_km:
                    yield self._finding_of(history, highest, reading, drop)
                    return
            if highest is None or reading.kilometres > highest.kilometres:
                highest = reading

    def _finding_of(
        self, history: VehicleHistory, highest: Reading, reading: Reading, drop: float
    ) -> Finding:
        share = drop / highest.kilometres
        return self.finding(
            history,
            reading.document,
            severity="high" if share > 0.5 else "medium",  # noqa: PLR2004 - most of it is gone
            closeness=share,
            facts={
                "earlier_km": highest.kilometres,
                "earlier_day": civil_time.day_text(highest.day),
                "later_km": reading.kilometres,
                "later_day": civil_time.day_text(reading.day),
                "drop_km": drop,
                "tolerance_km": self.parameters.tolerance_km,
            },
            evidence=(highest.document, reading.document),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell both readings."""
        return (
            f"{facts['earlier_km']:,.0f} km were read on {facts['earlier_day']}, but only "
            f"{facts['later_km']:,.0f} km on {facts['later_day']}: {facts['drop_km']:,.0f} km less "
            f"(tolerance {facts['tolerance_km']:,.0f} km)."
        )
