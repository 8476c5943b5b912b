"""More documents than one car can have."""

from collections.abc import Iterator, Mapping
from typing import Any

from detectors.base import Detector, DetectorSpec, Parameters
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen


class OverfullHistory(Detector[Parameters]):
    """Fires when a vehicle has more documents than are kept of one vehicle."""

    spec = DetectorSpec(
        id="overfull_history",
        version=1,
        title="Too many documents",
        status="stable",
        of_documents=True,
        severities=("low",),
        description="More documents under one VIN than are kept; the middle of the history is gone.",
        abnormal_because=(
            "A car sees a handful of documents in its life. Dozens mean a placeholder VIN shared by "
            "many cars, or a feed that repeats itself under new ids."
        ),
        known_gaps="Other alerts of such a vehicle rest on its earliest and latest documents alone.",
        look_alikes="None known; test data under one VIN looks the same.",
        references=("Limit: assumption, see the policy",),
        runbook=(
            "Look whether the VIN is a placeholder such as a row of zeros.",
            "Count the source's documents under this VIN in the last 30 days.",
        ),
        screen=screen(ScreenCase(Content.OVERFULL)),
    )
    parameters_type = Parameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """At most one finding per vehicle."""
        if history.overfull:
            first = history.documents[0]
            yield self.finding(
                history,
                first,
                anchor="vehicle",
                severity="low",
                closeness=0.5,
                facts={"kept": len(history.documents)},
                evidence=(first,),
            )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell what is missing."""
        return (
            f"More documents than are kept of one vehicle; the earliest and the latest count, "
            f"{facts['kept']} of them valid."
        )
