"""Declared as a new car, although it was on the road register."""

from collections.abc import Iterator, Mapping
from typing import Any

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.documents import CustomsExport, Registration, is_before
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen
from detectors.wording import count


class NewThoughRegistered(Detector[Parameters]):
    """Fires on a declaration that calls a car new which the register had before.

    A new car is exported by its maker and is never registered. One that was, and leaves as new, was
    counted as a retail sale and is sold abroad without the checks that used cars go through.
    """

    spec = DetectorSpec(
        id="new_though_registered",
        version=1,
        title="New though registered",
        status="stable",
        severities=("medium", "high"),
        description="An export declared as new of a car that had been registered before.",
        abnormal_because=(
            "New cars leave without a plate. The registration made a retail sale of the car; the "
            "condition new spares the licence, the inspection and the rule on young cars."
        ),
        known_gaps="Says nothing of a car whose registration the feeds do not hold.",
        look_alikes=(
            "A registration that was withdrawn, returned or revoked before the declaration undoes the "
            "sale: the car stays quiet. A registration after the declaration says that it came back."
        ),
        references=(
            "Announcement 6/2024 on the export of used vehicles: a used car has been registered",
            "Ministry of Commerce notice 648 of November 2025",
        ),
        runbook=(
            "Ask customs for the maker's certificate and whether a licence was asked for.",
            "Count the exporter's other cars of the month that were registered before.",
        ),
        screen=screen(
            ScreenCase(Content.CUSTOMS_EXPORT | Content.INITIAL),
            ScreenCase(Content.CUSTOMS_EXPORT | Content.REREGISTRATION),
            ScreenCase(Content.CUSTOMS_EXPORT | Content.TRANSFER),
            ScreenCase(Content.CUSTOMS_EXPORT | Content.PENDING_EXPORT),
        ),
    )
    parameters_type = Parameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per declaration as new."""
        for declaration in history.declarations:
            if declaration.condition != "new":
                continue
            registered = _registered(history, declaration)
            if registered is not None:
                yield self._finding_of(history, registered, declaration)

    def _finding_of(
        self, history: VehicleHistory, registered: Registration, declaration: CustomsExport
    ) -> Finding:
        used = declaration.licence_no is not None or any(
            is_before(each, declaration) for each in history.pending_exports
        )
        return self.finding(
            history,
            declaration,
            severity="high" if used else "medium",
            closeness=0.5,
            facts={
                "registered": civil_time.day_text(registered.day),
                "kind": registered.kind,
                "declared": civil_time.day_text(declaration.day),
                "days": declaration.day - registered.day,
                "treated_as_used": used,
                "destination": declaration.destination,
            },
            evidence=(registered, declaration),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell both documents."""
        text = (
            f"Declared as new for {facts['destination']} on {facts['declared']}, "
            f"{count(facts['days'], 'day')} after the register had it first ({facts['registered']})."
        )
        if facts["treated_as_used"]:
            text += " An endorsement or a licence for used cars was given for it."
        return text


def _registered(history: VehicleHistory, declaration: CustomsExport) -> Registration | None:
    """The first registration before a declaration, unless it was undone."""
    ended = [
        document.day
        for document in history.deregistrations
        if document.reason in {"returned", "revoked"} and document.day <= declaration.day
    ]
    last = max(ended, default=0)
    return next(
        (each for each in history.registrations if each.day > last and is_before(each, declaration)),
        None,
    )
