"""Exported within 180 days of registration without the maker's letter."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from msgspec import Meta

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Margin, Parameters
from detectors.documents import CustomsExport, Registration, counts_days
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen
from detectors.wording import count


class EarlyExportParameters(Parameters, frozen=True, kw_only=True):
    """Thresholds of the rule."""

    maximum_days: Annotated[int, Meta(ge=1, le=3650)]
    """Licence application up to this many days after first registration needs a letter."""
    applications_from: date
    """First civil day of a licence application to which the notice applies."""
    pending_export_before: date
    """A transfer pending export endorsed before this day is grandfathered."""


class EarlyExportWithoutLetter(Detector[EarlyExportParameters]):
    """Fires when a licence was applied for within 180 days of first registration, without a letter.

    The clock runs from first registration to the licence application, both inclusive; the day of
    export plays no part. Cars endorsed pending export before the notice came into force are exempt.
    """

    spec = DetectorSpec(
        id="early_export_without_letter",
        version=1,
        title="Early export without manufacturer letter",
        status="stable",
        severities=("medium", "high"),
        description=(
            "Licence application within 180 days of first registration without a manufacturer letter."
        ),
        abnormal_because=(
            "Since 2026 a car younger than 180 days is treated as new: only with the maker's letter "
            "on service and destination may it leave as used."
        ),
        known_gaps=(
            "Silent where the declaration does not name the day of the licence application. Cannot "
            "check that the letter was signed by the listed maker."
        ),
        look_alikes="Official exports by the maker carry the letter; older endorsements are exempt.",
        references=("Ministry of Commerce notice 648 of November 2025, in force 2026-01-01",),
        runbook=(
            "Ask the licence issuer for the letter: destination, VIN list, service outlets, seal.",
            "Check the endorsement date in the register against 2026-01-01.",
        ),
        screen=screen(ScreenCase(Content.INITIAL | Content.USED_EXPORT)),
    )
    parameters_type = EarlyExportParameters
    margins = (Margin("maximum_days", "days", 1.2, "days"),)

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per used declaration that needed a letter and has none."""
        initial = history.initial
        if initial is None or self._is_grandfathered(history):
            return
        for declaration in history.used_exports:
            applied = declaration.licence_applied_day
            if applied is None or declaration.manufacturer_letter:
                continue
            if not counts_days(initial, declaration):
                continue
            days = applied - initial.day
            in_force = applied >= self.parameters.applications_from.toordinal()
            if in_force and 0 <= days <= self.parameters.maximum_days:
                yield self._finding_of(history, initial, declaration, days)

    def _is_grandfathered(self, history: VehicleHistory) -> bool:
        limit = self.parameters.pending_export_before.toordinal()
        return any(document.day < limit for document in history.pending_exports)

    def _finding_of(
        self,
        history: VehicleHistory,
        initial: Registration,
        declaration: CustomsExport,
        days: int,
    ) -> Finding:
        return self.finding(
            history,
            declaration,
            severity="high" if declaration.manufacturer_letter is False else "medium",
            closeness=1 - days / (self.parameters.maximum_days + 1),
            facts={
                "registered": civil_time.day_text(initial.day),
                "licence_applied": civil_time.day_text(initial.day + days),
                "days": days,
                "maximum_days": self.parameters.maximum_days,
                "letter_stated": declaration.manufacturer_letter is not None,
                "destination": declaration.destination,
            },
            evidence=(initial, declaration),
        )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the days and whether the absence of the letter is stated."""
        letter = "states that there is no" if facts["letter_stated"] else "does not mention a"
        days = count(facts["days"], "day")
        return (
            f"Licence applied for on {facts['licence_applied']}, {days} after first registration (a "
            f"letter is needed up to {facts['maximum_days']} days); the declaration {letter} "
            f"manufacturer letter."
        )
