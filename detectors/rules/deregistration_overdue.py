"""Exported, but still in the register."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.documents import CustomsExport, Deregistration, counts_days
from detectors.findings import Deadline, Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen
from detectors.wording import count


class DeregistrationOverdueParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    maximum_months: Annotated[int, Meta(ge=1, le=120)]
    """Calendar months from clearance to deregistration."""


class DeregistrationOverdue(Detector[DeregistrationOverdueParameters]):
    """Fires when a used car was declared and its registration still stands two months later.

    The legal order is registration, pending export, licence, customs, exit, deregistration; some
    offices deregister earlier, which is accepted. The absence counts only once the deregistration
    feed is complete beyond the deadline.
    """

    spec = DetectorSpec(
        id="deregistration_overdue",
        version=1,
        title="Deregistration overdue",
        status="stable",
        severities=("low",),
        description="No deregistration two months after customs clearance of a used car.",
        abnormal_because=(
            "A registration that outlives its car can be put on another one, and the export never "
            "leaves the domestic statistics."
        ),
        known_gaps=(
            "Says nothing before the deregistration feed has published, or while it lags. A "
            "deregistration that comes too late ends the alert."
        ),
        look_alikes=(
            "A late feed: the deadline waits for it. An office that deregisters before clearance. "
            "New cars were never registered."
        ),
        references=("Announcement 6/2024 on the export of used vehicles: within 2 months",),
        runbook=(
            "Ask the registering office for the file; many are only late by days.",
            "Look for another car on the same plate in the 60 days after clearance.",
        ),
        screen=screen(ScreenCase(Content.USED_EXPORT)),
    )
    parameters_type = DeregistrationOverdueParameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding, on the first used declaration, once the deadline has passed."""
        if not history.used_exports:
            return
        cleared = history.used_exports[0]
        if not counts_days(cleared) or any(
            not _was_undone(history, document, cleared) for document in history.deregistrations
        ):
            return
        last_day = civil_time.add_months(cleared.day, self.parameters.maximum_months)
        yield self.finding(
            history,
            cleared,
            severity="low",
            closeness=0.5,
            facts={
                "cleared": civil_time.day_text(cleared.day),
                "last_day": civil_time.day_text(last_day),
                "maximum_months": self.parameters.maximum_months,
            },
            evidence=(cleared,),
            deadline=Deadline("deregistration", last_day),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the clearance and the deadline."""
        return (
            f"Cleared by customs on {facts['cleared']}; no deregistration came by "
            f"{facts['last_day']} ({count(facts['maximum_months'], 'month')})."
        )


def _was_undone(history: VehicleHistory, document: Deregistration, cleared: CustomsExport) -> bool:
    """Whether it was temporary, or the car was registered anew between it and the clearance."""
    return document.reason == "temporary" or any(
        document.day < anew.day <= cleared.day
        for anew in history.registrations
        if anew.kind in {"initial", "reregistration"}
    )
