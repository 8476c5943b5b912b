"""Checks of what is found: evidence, score, words, labels, and that it travels."""

import re
from itertools import islice
from typing import Any, Final

import msgspec

from detectors.base import Detector
from detectors.checks.purity import judged, require
from detectors.documents import Document
from detectors.findings import SCORE_BANDS, Evidence, Finding
from detectors.history import VehicleHistory

MOST_FINDINGS_PER_DOCUMENT: Final = 8
MOST_FACTS: Final = 32
LONGEST_EXPLANATION: Final = 500
LABELS: Final = frozenset({"province", "brand", "destination"})
_COPIES: Final = 8
_UNSAID = re.compile(r"\b(None|nan|inf)\b")


def check_evidence(detector: Detector[Any], history: VehicleHistory) -> None:
    """Every finding shows documents, all of them published ones of the history, each once."""
    known = {Evidence.of(document, None) for document in history.published}
    for finding in judged(detector, history):
        shown = [msgspec.structs.replace(e, **_NOWHERE) for e in finding.evidence]
        require(shown, "has no evidence")
        require(len(set(shown)) == len(shown), "shows a document twice")
        require(known.issuperset(shown), "shows a document that is not in the history")


_NOWHERE: dict[str, None] = {"topic": None, "partition": None, "offset": None}


def check_score(detector: Detector[Any], history: VehicleHistory) -> None:
    """Detector id, severity and score agree with the spec, and the score with the severity."""
    spec = detector.spec
    for finding in judged(detector, history):
        require(finding.detector == spec.id, f"signs as {finding.detector!r}, not {spec.id!r}")
        require(finding.severity in spec.severities, f"severity {finding.severity!r} not in the spec")
        low, high = SCORE_BANDS[finding.severity]
        require(
            low <= finding.score < high or finding.score == high == 1,
            f"score {finding.score} outside {low} to {high} of severity {finding.severity}",
        )


def check_explanation(detector: Detector[Any], history: VehicleHistory) -> None:
    """The explanation is a bounded text with numbers in it and no gaps."""
    for finding in judged(detector, history):
        text = detector.explain(finding.facts)
        require(text.strip(), "explains nothing")
        require(len(text) <= LONGEST_EXPLANATION, f"explains in {len(text)} characters")
        require(any(c.isdigit() for c in text), f"explains without a number: {text!r}")
        gap = _UNSAID.search(text)
        require(gap is None, f"says {gap and gap[0]!r}: {text!r}")
        require(text.endswith("."), f"does not end its sentence: {text!r}")


def check_labels(detector: Detector[Any], history: VehicleHistory) -> None:
    """Labels come from closed sets: no VIN, owner or exporter among them."""
    for finding in judged(detector, history):
        strange = finding.labels.keys() - LABELS
        require(not strange, f"labels {sorted(strange)} are not among {sorted(LABELS)}")
        require(history.vin not in finding.labels.values(), "labels the vehicle itself")


def check_round_trip(detector: Detector[Any], history: VehicleHistory) -> None:
    """Findings survive JSON and msgpack unchanged."""
    for finding in judged(detector, history):
        as_json = msgspec.json.decode(msgspec.json.encode(finding), type=Finding)
        as_msgpack = msgspec.msgpack.decode(msgspec.msgpack.encode(finding), type=Finding)
        require(as_json == finding, "changes on its way through JSON")
        require(as_msgpack == finding, "changes on its way through msgpack")


def check_bounded(detector: Detector[Any], history: VehicleHistory) -> None:
    """Output is bounded by the number of documents, also where documents are many times repeated."""
    documents = [
        document if copy == 0 else _copy(document, copy)
        for document in history.documents
        for copy in range(_COPIES)
    ]
    crowded = VehicleHistory.of(history.vin, documents)
    most = MOST_FINDINGS_PER_DOCUMENT * len(documents)
    found = list(islice(detector.judge(crowded), most + 1))
    require(len(found) <= most, f"more than {most} findings in {len(documents)} documents")
    for finding in found:
        require(len(finding.facts) <= MOST_FACTS, f"{len(finding.facts)} facts in one finding")
        require(len(finding.evidence) <= len(documents), "more evidence than documents")


def _copy(document: Document, number: int) -> Document:
    return msgspec.structs.replace(document, event_id=f"{document.event_id}-copy-{number}")
