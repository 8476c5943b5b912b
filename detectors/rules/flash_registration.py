"""Registered today, on its way out of the country within the week."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import CustomsExport, Registration, counts_days
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.sales import SaleDocument
from detectors.screens import ScreenCase, screen
from detectors.wording import count, days_later


class FlashRegistrationParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    strong_days: Annotated[int, Meta(ge=0, le=365)]
    """At most this many days: high severity."""
    maximum_days: Annotated[int, Meta(ge=0, le=365)]
    """At most this many days from first registration to the first step abroad."""

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        super().__post_init__()
        if self.strong_days > self.maximum_days:
            raise ValueError("strong_days must not be greater than maximum_days")


class FlashRegistration(Detector[FlashRegistrationParameters]):
    """Fires when a first registration is followed within a week by the first step out of the country.

    The step is a transfer pending export, a transfer to an exporter, or a used export declaration.
    Registration to an exporter in the first place counts as a step on the same day.
    """

    spec = DetectorSpec(
        id="flash_registration",
        version=1,
        title="Flash registration",
        status="stable",
        severities=("medium", "high"),
        description="First registration and first step towards export lie within seven days.",
        abnormal_because=(
            "A buyer who means to drive a car does not hand it to an exporter within days; the "
            "registration only turns a new car into a used one on document."
        ),
        known_gaps=(
            "Blind where the first registration is missing from the feed. Cars parked longer are the "
            "business of parked_until_eligible."
        ),
        look_alikes=(
            "Exports by the maker itself carry a manufacturer letter and stay quiet; cars insured or "
            "plated before delivery never go to an exporter."
        ),
        references=("Trade press, January 2026: registered, and de-registered after about a day",),
        runbook=(
            "Check who registered the car and how many others the same owner registered in the "
            "30 days before.",
            "Check the exporter's filing and licence for the days between the two documents.",
        ),
        screen=screen(
            ScreenCase(Content.INITIAL | Content.PENDING_EXPORT),
            ScreenCase(Content.INITIAL | Content.USED_EXPORT),
            ScreenCase(Content.INITIAL | Content.TO_EXPORTER),
        ),
    )
    parameters_type = FlashRegistrationParameters
    margins = (Margin("maximum_days", "days", 3.0, "days"),)

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding, on the first initial registration."""
        if not history.initials:
            return
        initial = history.initials[0]
        for step in history.sale_documents:
            if _leads_abroad(step, initial):
                break
        else:
            return
        if step.day - initial.day > self.parameters.maximum_days:
            return
        if not counts_days(initial, step) or any(d.manufacturer_letter for d in history.declarations):
            return
        days = step.day - initial.day
        yield self.finding(
            history,
            initial,
            severity="high" if days <= self.parameters.strong_days else "medium",
            closeness=1 - days / (self.parameters.maximum_days + 1),
            facts={
                "registered": civil_time.day_text(initial.day),
                "step": "customs_export" if isinstance(step, CustomsExport) else step.kind,
                "step_day": civil_time.day_text(step.day),
                "days": days,
                "strong_days": self.parameters.strong_days,
                "maximum_days": self.parameters.maximum_days,
            },
            evidence=(initial, step),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell both days and the limit."""
        limit = f"(limit {count(facts['maximum_days'], 'day')})"
        if facts["step"] == "initial":
            return (
                f"First registered on {facts['registered']}, and straight to an exporter: "
                f"0 days from registration to the first step abroad {limit}."
            )
        return (
            f"First registered on {facts['registered']}; {_STEPS[facts['step']]} on "
            f"{facts['step_day']}, {days_later(facts['days'])} {limit}."
        )


_STEPS = {
    "reregistration": "registered anew to an exporter",
    "transfer": "transferred to an exporter",
    "pending_export": "endorsed pending export",
    "customs_export": "declared for export",
}


def _leads_abroad(document: SaleDocument, initial: Registration) -> bool:
    if document.day < initial.day:
        return False
    if isinstance(document, CustomsExport):
        return document.condition == "used"
    return document.kind == "pending_export" or document.owner_type == "exporter"
