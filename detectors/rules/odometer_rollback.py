"""The odometer runs backwards."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, cast

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import is_before
from detectors.findings import Finding, Severity
from detectors.history import Reading, VehicleHistory
from detectors.rules.implausible_reading import rises, slips_of
from detectors.screens import Limit, ScreenCase, screen

_NEW_CLOCK = " A clock that began at nought in between could show that."


class OdometerRollbackParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    tolerance_km: Annotated[float, Meta(ge=0, le=100_000)]
    """Readings may differ by this much from rounding."""
    maximum_km_a_day: Annotated[float, Meta(ge=1, le=10_000)]
    """A reading that no car could have reached is a slip, and rolls nothing back."""
    usual_km_a_day: Annotated[float, Meta(ge=0, le=1000)]
    """What a car drives where its own documents do not tell."""
    new_clock_factor: Annotated[float, Meta(ge=0, le=100)]
    """A reading that the car could have driven since the one before, at so many times its own pace, may
    be that of a clock that began at nought."""


class OdometerRollback(Detector[OdometerRollbackParameters]):
    """Fires on a reading well below an earlier one of another day.

    A clock that was replaced, or passed its last figure, begins at nought. What it shows afterwards is
    no more than was driven since; who rolls a clock back leaves a used car's figure on it. So a reading
    that could have been driven since the one before is told, and told as low.
    """

    spec = DetectorSpec(
        id="odometer_rollback",
        version=2,
        title="Odometer rollback",
        status="stable",
        severities=("low", "medium", "high"),
        description="A later odometer reading lies below an earlier one.",
        abnormal_because="Odometers only count up; a lower reading means tampering or another car.",
        known_gaps=(
            "Who rolls a clock back to what could have been driven since the last reading is told as "
            "low. A mistyped high reading that a car could have driven makes all later ones look "
            "rolled back; the alert is on the first."
        ),
        look_alikes=(
            "A clock that was replaced or passed its last figure: low. Rounding; readings of one day "
            "in unknown order are not compared. A lone slip, and what a full register shows, are the "
            "business of implausible_reading."
        ),
        references=("European Parliament research on odometer tampering; Belgian mandatory readings",),
        runbook=(
            "Look at repair and inspection records of the days between both readings.",
            "Check whether the higher reading has one digit too many.",
        ),
        screen=screen(
            ScreenCase(conditions=(Limit("odometer_fall", ">", "tolerance_km"),), documents=2)
        ),
    )
    parameters_type = OdometerRollbackParameters
    margins = (Margin("tolerance_km", "drop_km", 0.2, "km"),)

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding, on the first reading that falls."""
        if rises(history.readings):
            return
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
        since = self._could_have_driven(history, highest, reading)
        rolled = "high" if share > 0.5 else "medium"  # noqa: PLR2004 - most of it is gone
        return self.finding(
            history,
            reading.document,
            severity="low" if reading.kilometres <= since else cast("Severity", rolled),
            closeness=share,
            facts={
                "earlier_km": highest.kilometres,
                "earlier_day": civil_time.day_text(highest.day),
                "later_km": reading.kilometres,
                "later_day": civil_time.day_text(reading.day),
                "drop_km": drop,
                "tolerance_km": self.parameters.tolerance_km,
                "since_km": round(since),
            },
            evidence=(highest.document, reading.document),
        )

    def _could_have_driven(self, history: VehicleHistory, highest: Reading, reading: Reading) -> float:
        """Kilometres that the car could have driven between two readings, at its pace before."""
        initial = history.initial
        days = 0 if initial is None else highest.day - initial.day
        pace = highest.kilometres / days if days > 0 else self.parameters.usual_km_a_day
        since = reading.day - highest.day
        return self.parameters.new_clock_factor * pace * since

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell both readings."""
        new_clock = _NEW_CLOCK if facts["later_km"] <= facts["since_km"] else ""
        return (
            f"{facts['earlier_km']:,.0f} km were read on {facts['earlier_day']}, but only "
            f"{facts['later_km']:,.0f} km on {facts['later_day']}: {facts['drop_km']:,.0f} km less "
            f"(tolerance {facts['tolerance_km']:,.0f} km).{new_clock}"
        )
