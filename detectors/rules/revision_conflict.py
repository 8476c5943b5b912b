"""A source that says two things under one revision."""

from collections.abc import Iterator, Mapping
from typing import Any

from detectors.base import Detector, DetectorSpec, Parameters
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen


class RevisionConflict(Detector[Parameters]):
    """Fires when a source published two contents under one event id and revision.

    One of the two is kept, always the same whatever order they came in; which one is right only the
    source can say.
    """

    spec = DetectorSpec(
        id="revision_conflict",
        version=1,
        title="Conflicting revision",
        status="stable",
        of_documents=True,
        severities=("low",),
        description="Two different contents under one source, event id and revision.",
        abnormal_because=(
            "An amendment has to raise the revision. Two contents under one revision mean that a "
            "document was changed without leaving a trace, or that a feed is broken."
        ),
        known_gaps="Only the kept content is shown. A later revision ends the alert.",
        look_alikes="Redelivery of the same content is a duplicate and stays quiet.",
        references=("Document contract of this project",),
        runbook=(
            "Ask the source for both versions and for the one it stands by.",
            "Count the source's conflicts of the last 7 days: many mean a broken feed.",
        ),
        screen=screen(ScreenCase(Content.CONFLICTING)),
    )
    parameters_type = Parameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per contested document."""
        for document in history.contested:
            yield self.finding(
                history,
                document,
                severity="low",
                closeness=0.5,
                facts={"revision": document.revision, "event_type": document.event_type},
                evidence=(document,),
            )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the revision."""
        return (
            f"The source published two different contents of this {facts['event_type']} under "
            f"revision {facts['revision']}; one of them is kept."
        )
