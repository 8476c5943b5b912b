"""One car on two export declarations."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from detectors import civil_time
from detectors.base import Detector, DetectorSpec, Parameters
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen


class DuplicateExport(Detector[Parameters]):
    """Fires on every declaration of a car that another declaration had already taken abroad."""

    spec = DetectorSpec(
        id="duplicate_export",
        version=1,
        title="Declared for export twice",
        status="stable",
        severities=("high",),
        description="Two valid declarations with different numbers for one VIN.",
        abnormal_because="A car leaves once. The second declaration moves another car, or no car.",
        known_gaps="A car that came back unseen by the feeds and left again is a false alarm.",
        look_alikes=(
            "The same declaration from two sources carries one number and counts once. A withdrawn "
            "declaration does not count. A car returned (deregistration 'returned') may leave again."
        ),
        references=("Announcement 6/2024: the VIN is declared truthfully, one licence one batch",),
        runbook=(
            "Compare exporter, destination and exit customs of both declarations within the days "
            "between them.",
            "Ask both customs offices for the inspection photographs of the VIN plate.",
        ),
        screen=screen(ScreenCase(Content.CUSTOMS_EXPORT, documents=2)),
    )
    parameters_type = Parameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per further declaration number."""
        if not history.declarations[1:]:
            return
        first_by_number = {d.declaration_no: d for d in reversed(history.declarations)}
        declarations = [d for d in history.declarations if first_by_number[d.declaration_no] is d]
        returned = [d.day for d in history.deregistrations if d.reason == "returned"]
        for earlier, later in pairwise(declarations):
            if any(earlier.day <= day <= later.day for day in returned):
                continue
            yield self.finding(
                history,
                later,
                severity="high",
                closeness=1.0 if later.exporter_id != earlier.exporter_id else 0.5,
                facts={
                    "first_declared": civil_time.day_text(earlier.day),
                    "second_declared": civil_time.day_text(later.day),
                    "first_destination": earlier.destination,
                    "second_destination": later.destination,
                    "same_exporter": later.exporter_id == earlier.exporter_id,
                },
                evidence=(earlier, later),
            )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell both declarations."""
        by = "the same" if facts["same_exporter"] else "another"
        return (
            f"Declared for {facts['first_destination']} on {facts['first_declared']}, and under "
            f"another number by {by} exporter for {facts['second_destination']} on "
            f"{facts['second_declared']}."
        )
