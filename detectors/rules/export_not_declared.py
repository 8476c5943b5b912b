"""Endorsed pending export, and never seen by customs."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.documents import counts_days
from detectors.findings import Deadline, Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen


class ExportNotDeclaredParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    maximum_days: Annotated[int, Meta(ge=1, le=3650)]
    """Days from the endorsement to the declaration."""


class ExportNotDeclared(Detector[ExportNotDeclaredParameters]):
    """Fires when a car endorsed pending export has no declaration 60 days later.

    The absence counts only once the customs feed is complete beyond the 60th day, and the alert is
    withdrawn when the declaration turns up after all.
    """

    spec = DetectorSpec(
        id="export_not_declared",
        version=1,
        title="Pending export never declared",
        status="stable",
        severities=("medium",),
        description="A pending-export transfer without a declaration for more than 60 days.",
        abnormal_because=(
            "The temporary plate ends after 60 days. A car that is neither exported nor back on a "
            "plate is stored for a better price, or driven without documents."
        ),
        known_gaps=(
            "Says nothing before the customs feed has published at all, or while it lags. A late "
            "declaration ends the alert although the plate had lapsed."
        ),
        look_alikes=(
            "A late customs feed: the deadline waits for it. A car that was sold at home instead is "
            "the business of resale_after_export."
        ),
        references=("Announcement 6/2024 on the export of used vehicles, temporary plates",),
        runbook=(
            "Ask the exporter where the car is, and for its licence of the 60 days.",
            "Check the health of the customs feed before you act on many of these at once.",
        ),
        screen=screen(ScreenCase(Content.PENDING_EXPORT)),
    )
    parameters_type = ExportNotDeclaredParameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding, on the last pending export, once the deadline has passed."""
        if not history.pending_exports:
            return
        pending = history.pending_exports[-1]
        if not counts_days(pending):
            return
        if any(declaration.day >= pending.day for declaration in history.declarations):
            return
        sold_at_home = any(document.day > pending.day for document in history.registrations)
        if sold_at_home or any(
            document.day >= pending.day and document.reason != "temporary"
            for document in history.deregistrations
        ):
            return
        last_day = pending.day + self.parameters.maximum_days
        yield self.finding(
            history,
            pending,
            severity="medium",
            closeness=0.5,
            facts={
                "endorsed": civil_time.day_text(pending.day),
                "last_day": civil_time.day_text(last_day),
                "maximum_days": self.parameters.maximum_days,
            },
            evidence=(pending,),
            deadline=Deadline("customs_export", last_day),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the endorsement and the deadline."""
        return (
            f"Endorsed pending export on {facts['endorsed']}; no export declaration came by "
            f"{facts['last_day']}, the end of the {facts['maximum_days']} days."
        )
