"""A value that could not be read, on a document that counts without it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from detectors.base import Detector, DetectorSpec, Parameters
from detectors.findings import Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen
from detectors.wording import count

_MOST_TOLD: Final = 3


class DroppedValue(Detector[Parameters]):
    """Fires on a document of which a value was dropped.

    A misread price must not hide a sale, so the document counts; what it left out is told.
    """

    spec = DetectorSpec(
        id="dropped_value",
        version=1,
        title="Value that could not be read",
        status="stable",
        of_documents=True,
        severities=("low",),
        description="A document with a value of an optional field that the contract does not allow.",
        abnormal_because=(
            "An odometer of -1, a price in words or a province that does not exist mean that a feed is "
            "broken, or that somebody keeps a value out of sight."
        ),
        known_gaps=(
            "Rules that need the value are silent, or milder. A misspelt name of a field is no bad "
            "value: it is ignored as unknown."
        ),
        look_alikes="A field that is left out, or null, is missing and not bad.",
        references=("Document contract of this project",),
        runbook=(
            "Ask the source for the original document and what the field should have said.",
            "Count the source's bad values of the last 7 days: many mean a broken feed.",
        ),
        screen=screen(ScreenCase(Content.DROPPED)),
    )
    parameters_type = Parameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        """One finding per document, whatever it says badly."""
        for document in history.documents:
            if not document.dropped:
                continue
            told = [f"{each.field} = {each.value}" for each in document.dropped[:_MOST_TOLD]]
            yield self.finding(
                history,
                document,
                severity="low",
                closeness=0.5,
                facts={
                    "event_type": document.event_type,
                    "values": len(document.dropped),
                    "said": "; ".join(told),
                },
                evidence=(document,),
            )

    def explain(self, facts: Mapping[str, Any]) -> str:
        """Tell the fields and what they said."""
        number = facts["values"]
        more = f" and {number - _MOST_TOLD} more" if number > _MOST_TOLD else ""
        missing = "counts" if number == 1 else "count"
        return (
            f"{count(number, 'value')} of this {facts['event_type']} could not be read and {missing} "
            f"as missing: {facts['said']}{more}."
        )
