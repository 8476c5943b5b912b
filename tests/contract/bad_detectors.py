"""Detectors that break one promise each; the contract suite must see every one of them."""

import contextlib
import random
import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec

from detectors.base import Detector, DetectorSpec, Parameters
from detectors.findings import Evidence, Finding
from detectors.history import Content, VehicleHistory
from detectors.screens import ScreenCase, screen


class Good(Detector[Parameters]):
    """Fires on every declaration, and keeps the contract; the bad ones change one thing of it."""

    spec = DetectorSpec(
        id="good",
        version=1,
        title="Good",
        status="experimental",
        severities=("medium",),
        description="Any declaration.",
        abnormal_because="A test.",
        known_gaps="All.",
        look_alikes="All.",
        references=("none",),
        runbook=("Look.", "Look again within 7 days."),
        screen=screen(ScreenCase(Content.CUSTOMS_EXPORT)),
    )
    parameters_type = Parameters

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        for entry in history.declarations:
            yield self.finding(
                history,
                entry,
                severity="medium",
                closeness=0.5,
                facts={"value_cny": entry.value_cny, "declared": entry.occurred_at},
                evidence=(entry,),
            )

    def explain(self, facts: Mapping[str, Any]) -> str:
        return f"Declared on {facts['declared']}."


class Altered(Good):
    """Passes every finding through a hook."""

    def findings(self, history: VehicleHistory) -> Iterator[Finding]:
        for finding in super().findings(history):
            yield self.altered(history, finding)

    def altered(self, history: VehicleHistory, finding: Finding) -> Finding:
        raise NotImplementedError


def _with_fact(finding: Finding, value: Any) -> Finding:
    return msgspec.structs.replace(finding, facts={**finding.facts, "extra": value})


class ReadsTheDate(Altered):
    def altered(self, history, finding):
        return _with_fact(finding, date.today().isoformat())  # noqa: DTZ011 - that is what is wrong with it


class ReadsTheClock(Altered):
    def altered(self, history, finding):
        return _with_fact(finding, datetime.now(ZoneInfo("UTC")).year)


class ReadsTheClockOnlyToCompare(Altered):
    """The findings never differ; only the interpreter sees that it asks."""

    def altered(self, history, finding):
        return _with_fact(finding, time.time() > 0)


class ReadsTheClockWhenItExplains(Good):
    def explain(self, facts):
        return f"Declared {int(time.time() > 0)} time."


class DrawsAtRandom(Altered):
    def altered(self, history, finding):
        return _with_fact(finding, random.random())


class OpensAFile(Altered):
    def altered(self, history, finding):
        with open(__file__) as file:  # noqa: PTH123 - that is what is wrong with it
            return _with_fact(finding, file.readable())


class DependsOnOrder(Altered):
    def altered(self, history, finding):
        return _with_fact(finding, history._filed[0].document.event_id)


class UnstableId(Altered):
    """Hangs on the declared value, which an amendment corrects."""

    def altered(self, history, finding):
        return msgspec.structs.replace(finding, anchor=f"value {finding.facts['value_cny']}")


class RevisionInTheId(Altered):
    def altered(self, history, finding):
        return msgspec.structs.replace(
            finding, anchor=f"{finding.anchor}@{finding.evidence[0].revision}"
        )


class NoEvidence(Altered):
    def altered(self, history, finding):
        return msgspec.structs.replace(finding, evidence=())


class ForeignEvidence(Altered):
    def altered(self, history, finding):
        stranger = Evidence("elsewhere", "1", 0, "registration", "2025-01-01")
        return msgspec.structs.replace(finding, evidence=(stranger,))


class EvidenceTwice(Altered):
    def altered(self, history, finding):
        return msgspec.structs.replace(finding, evidence=finding.evidence * 2)


class ChangesTheFile(Altered):
    """Takes the first document out of the file that it was lent."""

    def altered(self, history, finding):
        history._filed.append(history._filed[0])
        return finding


class ChangesTheHistory(Altered):
    def altered(self, history, finding):
        history.documents = history.documents[:-1]
        return finding


class ChangesFactsWhenItExplains(Good):
    def explain(self, facts):
        facts["declared"] = "2025"
        return "Declared in 2025."


class Remembers(Altered):
    """Counts what it has seen before."""

    seen = 0

    def altered(self, history, finding):
        self.seen += 1
        return finding


class RemembersInTheClass(Altered):
    """The second judgement differs from the first, by state that no instance shows."""

    seen: ClassVar[list[str]] = []

    def altered(self, history, finding):
        self.seen.append(finding.anchor)
        return _with_fact(finding, len(self.seen))


class ScoreOutOfBand(Altered):
    def altered(self, history, finding):
        return msgspec.structs.replace(finding, score=0.9)


class SeverityNotInSpec(Altered):
    def altered(self, history, finding):
        return msgspec.structs.replace(finding, severity="low", score=0.1)


class SignsAsAnother(Altered):
    def altered(self, history, finding):
        return msgspec.structs.replace(finding, detector="double_sale")


class ExplainsNothing(Good):
    def explain(self, facts):
        return " "


class ExplainsWithoutNumbers(Good):
    def explain(self, facts):
        return "Something is odd."


class ExplainsWithGaps(Good):
    def explain(self, facts):
        return f"Sold by {None} on {facts['declared']}."


class ExplainsAtLength(Good):
    def explain(self, facts):
        return "1 word " * 200 + "."


class LabelsTheVehicle(Altered):
    def altered(self, history, finding):
        return msgspec.structs.replace(finding, labels={"brand": history.vin})


class LabelsTheExporter(Altered):
    def altered(self, history, finding):
        return msgspec.structs.replace(finding, labels={"exporter_id": "e1"})


class FactsThatDoNotTravel(Altered):
    def altered(self, history, finding):
        return _with_fact(finding, float("nan"))


class FactsOfAnotherType(Altered):
    def altered(self, history, finding):
        return _with_fact(finding, ("a", "tuple"))


class EndlessFindings(Good):
    def findings(self, history):
        while history.declarations:
            yield from super().findings(history)


class ManyFindings(Good):
    """Grows with the square of the documents."""

    def findings(self, history):
        for _ in range(len(history.declarations) * 8):
            yield from super().findings(history)


class HidesBehindItsScreen(Good):
    """Finds something in histories on which the catalogue never runs it."""

    def findings(self, history):
        for entry in history.registrations[:1]:
            yield self.finding(
                history,
                entry,
                severity="medium",
                closeness=0.5,
                facts={"declared": entry.occurred_at},
                evidence=(entry,),
            )


class NeedsEveryField(Good):
    """Raises where a document leaves out an optional field."""

    def findings(self, history):
        for finding, entry in zip(super().findings(history), history.declarations, strict=True):
            yield _with_fact(finding, entry.value_cny / 2)


class Raises(Good):
    def findings(self, history):
        raise ZeroDivisionError("as it happens")


class Loops(Good):
    """Goes on and on, whatever is raised at it."""

    def findings(self, history):
        while True:
            with contextlib.suppress(Exception):
                len(history.documents)


class NeverFires(Good):
    def findings(self, history):
        return iter(())


class AlwaysFires(Good):
    """Fires on the quiet example as well."""

    def findings(self, history):
        for entry in history.documents[:1]:
            yield self.finding(
                history,
                entry,
                severity="medium",
                closeness=0.5,
                facts={"declared": entry.occurred_at},
                evidence=(entry,),
            )


BROKEN: dict[type[Good], str] = {
    ReadsTheDate: "check_no_clock",
    ReadsTheClock: "check_no_clock",
    ReadsTheClockOnlyToCompare: "check_no_clock",
    ReadsTheClockWhenItExplains: "check_no_clock",
    DrawsAtRandom: "check_no_clock",
    OpensAFile: "check_no_clock",
    DependsOnOrder: "check_order",
    UnstableId: "check_stable_ids",
    RevisionInTheId: "check_stable_ids",
    NoEvidence: "check_evidence",
    ForeignEvidence: "check_evidence",
    EvidenceTwice: "check_evidence",
    ChangesTheFile: "check_unchanged_input",
    ChangesTheHistory: "check_unchanged_input",
    ChangesFactsWhenItExplains: "check_unchanged_input",
    Remembers: "check_unchanged_input",
    RemembersInTheClass: "check_repeatable",
    ScoreOutOfBand: "check_score",
    SeverityNotInSpec: "check_score",
    SignsAsAnother: "check_score",
    ExplainsNothing: "check_explanation",
    ExplainsWithoutNumbers: "check_explanation",
    ExplainsWithGaps: "check_explanation",
    ExplainsAtLength: "check_explanation",
    LabelsTheVehicle: "check_labels",
    LabelsTheExporter: "check_labels",
    FactsThatDoNotTravel: "check_round_trip",
    FactsOfAnotherType: "check_round_trip",
    ManyFindings: "check_bounded",
    HidesBehindItsScreen: "check_screen",
    NeedsEveryField: "check_missing_fields",
    Raises: "raised ZeroDivisionError",
    Loops: "check_ends",
    NeverFires: "examples",
    AlwaysFires: "examples",
}
"""The check that must see each of them."""
