"""A "used" car leaves the country with nothing on the clock."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import CustomsExport, counts_days
from detectors.findings import Finding
from detectors.history import Content, Reading, VehicleHistory
from detectors.screens import Limit, ScreenCase, screen


class ZeroMileageExportParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    strong_km: Annotated[float, Meta(ge=0, le=100_000)]
    """At most this many kilometres: strong evidence."""
    maximum_km: Annotated[float, Meta(ge=0, le=100_000)]
    """At most this many kilometres: some evidence."""
    maximum_reading_age_days: Annotated[int, Meta(ge=0, le=3650)]
    """Where the declaration has no reading, how old the last one may be."""
    general_trade_modes: tuple[str, ...]
    """Customs codes of ordinary trade; declarations under others are not judged."""

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        super().__post_init__()
        if self.strong_km > self.maximum_km:
            raise ValueError("strong_km must not be greater than maximum_km")


class ZeroMileageExport(Detector[ZeroMileageExportParameters]):
    """Fires on a declaration of a used car whose odometer was read and shows next to nothing.

    The reading of the declaration counts; where it has none, the last one of the weeks before it,
    for what an odometer showed years ago says nothing of today. A zero counts only where the document
    says that somebody read it.
    """

    spec = DetectorSpec(
        id="zero_mileage_export",
        version=1,
        title="Zero-mileage used export",
        status="stable",
        severities=("medium", "high"),
        description="A used export whose odometer was read at no more than a few hundred kilometres.",
        abnormal_because=(
            "A car that was used has been driven. In this trade 'zero kilometres' means anything "
            "from 0 to several hundred, so a few hundred still is suspicious."
        ),
        known_gaps=(
            "Says nothing where nobody read the odometer lately. A car driven across the border on "
            "its own wheels has a few hundred kilometres more."
        ),
        look_alikes=(
            "Dealer and demonstration cars have 500 to 10,000 km; genuine used exports much more. "
            "Personal effects and diplomats' cars go under other trade modes and are not judged."
        ),
        references=("Trade usage of 'zero kilometres', CarNewsChina and Autohome 2025",),
        runbook=(
            "Compare the reading with the inspection report of the 30 days before the declaration.",
            "Read the car's timeline: how many days between first registration and declaration?",
        ),
        screen=screen(ScreenCase(Content.USED_EXPORT, (Limit("lowest_km", "<=", "maximum_km"),))),
    )
    parameters_type = ZeroMileageExportParameters
    margins = (Margin("maximum_km", "odometer_km", 2.0, "km"),)

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per used declaration with such a reading."""
        for declaration in history.used_exports:
            reading = reading_at(history, declaration, self.parameters.maximum_reading_age_days)
            if reading is None or not self._is_general_trade(declaration):
                continue
            if reading.kilometres <= self.parameters.maximum_km:
                yield self._finding_of(history, declaration, reading)

    def _is_general_trade(self, declaration: CustomsExport) -> bool:
        mode = declaration.trade_mode
        return mode is None or mode in self.parameters.general_trade_modes

    def _finding_of(
        self, history: VehicleHistory, declaration: CustomsExport, reading: Reading
    ) -> Finding:
        strong = reading.kilometres <= self.parameters.strong_km
        return self.finding(
            history,
            declaration,
            severity="high" if strong else "medium",
            closeness=1 - reading.kilometres / max(self.parameters.maximum_km, 1),
            facts={
                "odometer_km": reading.kilometres,
                "strong_km": self.parameters.strong_km,
                "maximum_km": self.parameters.maximum_km,
                "read_in": reading.document.event_type,
                "read_on": civil_time.day_text(reading.day),
                "destination": declaration.destination,
            },
            evidence=(declaration, reading.document),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the reading and the limit."""
        return (
            f"Declared as a used car for {facts['destination']} with {facts['odometer_km']:,.0f} km "
            f"read on the odometer on {facts['read_on']}; up to {facts['strong_km']:,.0f} km is "
            f"strong evidence of a car that was never used, up to {facts['maximum_km']:,.0f} km some."
        )


def reading_at(
    history: VehicleHistory, declaration: CustomsExport, maximum_age_days: int = 90
) -> Reading | None:
    """Odometer reading of a declaration, or the last one read at most so many days before it."""
    last = None
    for reading in history.readings:
        if reading.document is declaration:
            return reading
        if 0 <= declaration.day - reading.day <= maximum_age_days and counts_days(
            declaration, reading.document
        ):
            last = reading
    return last
