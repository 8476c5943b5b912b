"""Parked, unused, until the 180 days were over."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import CustomsExport, counts_days
from detectors.findings import Finding
from detectors.history import Content, Reading, VehicleHistory
from detectors.rules.zero_mileage_export import reading_at
from detectors.screens import ScreenCase, screen


class ParkedParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    minimum_days: Annotated[int, Meta(ge=1, le=3650)]
    """First day after first registration that needs no letter."""
    maximum_days: Annotated[int, Meta(ge=1, le=3650)]
    """Up to this age a car counts that stood still with more kilometres on it."""
    maximum_km: Annotated[float, Meta(ge=0, le=100_000)]
    """A reading at export up to this many kilometres counts as never moved, at any age."""
    maximum_change_km: Annotated[float, Meta(ge=0, le=100_000)]
    """Readings that differ by no more than this count as unchanged."""
    minimum_span_days: Annotated[int, Meta(ge=1, le=3650)]
    """Readings less than this many days apart do not show that a car stood still."""
    maximum_reading_age_days: Annotated[int, Meta(ge=0, le=3650)]
    """Where the declaration has no reading, how old the last one may be."""
    applications_from: date
    """First civil day of a licence application on which waiting was worth it."""

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        super().__post_init__()
        if self.minimum_days > self.maximum_days:
            raise ValueError("minimum_days must not be greater than maximum_days")


class ParkedUntilEligible(Detector[ParkedParameters]):
    """Fires when a car leaves after the 180 days with an odometer that has not moved.

    The obvious way round the rule on young cars is to register, park for half a year or longer, and
    export once no letter is needed.
    """

    spec = DetectorSpec(
        id="parked_until_eligible",
        version=2,
        title="Parked until eligible",
        status="stable",
        severities=("medium", "high"),
        description="Exported 181 days or more after first registration, the odometer unmoved.",
        abnormal_because="Nobody buys a car, leaves it untouched for half a year and then exports it.",
        known_gaps=(
            "Needs a reading at the declaration or in the weeks before it: without one a car under a "
            "year old is the business of young_used_export. Cars driven a little while they wait pass."
        ),
        look_alikes=(
            "Genuine young used cars have been driven: their odometer tells, unless it was read "
            "twice in the last weeks only. Official exports carry the maker's letter."
        ),
        references=("Ministry of Commerce notice 648 of November 2025, in force 2026-01-01",),
        runbook=(
            "Ask where the car stood for the 180 days and who paid its insurance.",
            "Count the same exporter's cars that left 181 to 365 days after registration.",
        ),
        screen=screen(ScreenCase(Content.INITIAL | Content.USED_EXPORT)),
    )
    parameters_type = ParkedParameters
    margins = (Margin("minimum_days", "days", 0.95, "days"),)

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per used declaration of such a car."""
        initial = history.initial
        if initial is None:
            return
        for declaration in history.used_exports:
            applied = declaration.licence_applied_day or declaration.day
            days = applied - initial.day
            last = reading_at(history, declaration, self.parameters.maximum_reading_age_days)
            if last is None or declaration.manufacturer_letter or not counts_days(initial, declaration):
                continue
            if applied < self.parameters.applications_from.toordinal():
                continue
            if days >= self.parameters.minimum_days:
                yield from self._if_unmoved(history, declaration, days, last)

    def _if_unmoved(
        self, history: VehicleHistory, declaration: CustomsExport, days: int, last: Reading
    ) -> Iterator[Finding]:
        initial = history.initials[0]
        first = history.readings[0]
        spanned = last.day - first.day >= self.parameters.minimum_span_days
        change = last.kilometres - first.kilometres if spanned else None
        still = change is not None and 0 <= change <= self.parameters.maximum_change_km
        unchanged = still and days <= self.parameters.maximum_days
        if not unchanged and last.kilometres > self.parameters.maximum_km:
            return
        yield self.finding(
            history,
            declaration,
            severity="high" if unchanged else "medium",
            closeness=self.parameters.minimum_days / days,
            facts={
                "registered": civil_time.day_text(initial.day),
                "days": days,
                "counted_to": "licence" if declaration.licence_applied_day else "declaration",
                "minimum_days": self.parameters.minimum_days,
                "maximum_days": self.parameters.maximum_days,
                "odometer_km": last.kilometres,
                "change_km": change,
                "maximum_km": self.parameters.maximum_km,
                "maximum_change_km": self.parameters.maximum_change_km,
            },
            evidence=(initial, first.document, last.document, declaration),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the days and the odometer."""
        moved = f"the odometer stood at {facts['odometer_km']:,.0f} km"
        if facts["change_km"] is not None:
            moved += f", {facts['change_km']:+,.0f} km since it was first read"
        what = "Licence applied for" if facts["counted_to"] == "licence" else "Declared for export"
        return (
            f"{what} {facts['days']} days after first registration, when no letter is needed any more "
            f"(from {facts['minimum_days']} days on); {moved}."
        )
