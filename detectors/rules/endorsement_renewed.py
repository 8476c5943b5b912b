"""Endorsed pending export again and again, which starts the 60 days anew."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.documents import Registration, counts_days
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen
from detectors.wording import count

_TWO: Final = 2


class EndorsementRenewedParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    maximum_days: Annotated[int, Meta(ge=1, le=3650)]
    """Days from the first endorsement within which a car has to be declared."""


class EndorsementRenewed(Detector[EndorsementRenewedParameters]):
    """Fires when a car was endorsed pending export more than once, over more than 60 days.

    A temporary plate is good for 60 days. An endorsement that is withdrawn and given again starts them
    anew, and keeps a car between the register and the border for as long as it takes.
    """

    spec = DetectorSpec(
        id="endorsement_renewed",
        version=1,
        title="Endorsement renewed",
        status="stable",
        severities=("medium",),
        description="Several pending-export endorsements of one car, over more than 60 days.",
        abnormal_because=(
            "A car that is ready to leave is endorsed once. Renewed endorsements park it until it is "
            "old enough to need no letter, or until its buyer abroad is found."
        ),
        known_gaps=(
            "An endorsement that was never published, or renewed without a new document, is not seen."
        ),
        look_alikes=(
            "An endorsement repeated within the 60 days is a correction. A car sold at home, or "
            "declared, between two endorsements was given up for export, or left: the count restarts."
        ),
        references=("Announcement 6/2024 on the export of used vehicles: temporary plate of 60 days",),
        runbook=(
            "Ask the exporter where the car stood between the endorsements of the 60 days.",
            "Count the same office's endorsements that were withdrawn in the month.",
        ),
        screen=screen(ScreenCase(Content.PENDING_EXPORT, documents=2)),
    )
    parameters_type = EndorsementRenewedParameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding, on the last endorsement that stands."""
        if not history.pending_exports or len(history.documents) < _TWO:
            return
        if len(history.pending_exports) < _TWO and not history.content & Content.CONTESTED:
            return  # one endorsement, and none that was withdrawn
        last = history.pending_exports[-1]
        between = [d.day for d in history.declarations if d.day < last.day]
        between += [d.day for d in history.registrations if d.kind == "transfer" and d.day < last.day]
        since = max(between, default=0)
        endorsed = [each for each in _endorsements(history) if since <= each.day <= last.day]
        first = min(endorsed, key=lambda each: (each.day, each.source, each.event_id), default=last)
        days = last.day - first.day
        if days <= self.parameters.maximum_days or not counts_days(first, last):
            return
        yield self.finding(
            history,
            last,
            severity="medium",
            closeness=min(1.0, days / 365),
            facts={
                "first_endorsed": civil_time.day_text(first.day),
                "last_endorsed": civil_time.day_text(last.day),
                "endorsements": len({(each.source, each.event_id) for each in endorsed}),
                "days": days,
                "maximum_days": self.parameters.maximum_days,
            },
            evidence=(first, last),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the first and the last endorsement."""
        return (
            f"Endorsed pending export {facts['endorsements']} times, first on "
            f"{facts['first_endorsed']} and last on {facts['last_endorsed']}: "
            f"{count(facts['days'], 'day')} for the {facts['maximum_days']} that a temporary plate is "
            f"good for."
        )


def _endorsements(history: VehicleHistory) -> list[Registration]:
    """Endorsements that stand, and those that were withdrawn."""
    withdrawn = [each.before for each in history.revised if each.now.is_void]
    return [
        each
        for each in (*history.pending_exports, *withdrawn)
        if isinstance(each, Registration) and each.kind == "pending_export"
    ]
