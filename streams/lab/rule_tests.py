"""A rule of one's own put to the test: the contract that all detectors keep, and what it says."""

from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from detectors.alerts import by_identity
from detectors.base import Detector
from detectors.checks import check_detector
from detectors.decoding import decoder_of
from detectors.documents import Document
from detectors.errors import DetectorContractError, DocumentError
from detectors.findings import Finding
from detectors.history import VehicleHistory
from detectors.judging import file_whole
from detectors.policy import Policy
from streams.setup.policy import load_policy
from streams.setup.rules import RulesError, folders, rule_of

EXPECTED: Final = "expected.json"
"""What a rule says of its examples, as somebody has looked at it."""
_KINDS: Final = ("firing", "quiet")


class RuleReport(NamedTuple):
    """What a rule's test came to."""

    name: str
    broken: list[str]
    """Promises that it breaks."""
    expected: Literal["the same", "written", "differs", ""]
    difference: list[str]
    """Lines in which what it says differs from what is expected."""

    @property
    def passed(self) -> bool:
        """Whether nothing asks for attention."""
        return not self.broken and self.expected != "differs"


def check_rules(directory: Path) -> Iterator[RuleReport]:
    """Put every rule of a folder to the test.

    Raises
    ------
    RulesError
        If a rule cannot be loaded, or its examples cannot be read.
    """
    rules = [(folder, rule_of(folder)) for folder in folders(directory)]
    policy = load_policy(rules=directory)
    for folder, rule in rules:
        yield _check(folder, rule(policy.parameters[rule.spec.id]), policy)


def _check(folder: Path, rule: Detector[Any], policy: Policy) -> RuleReport:
    examples = {kind: _examples(folder / f"{kind}.jsonl", policy) for kind in _KINDS}
    name = rule.spec.id
    try:
        check_detector(rule, firing=examples["firing"], quiet=examples["quiet"])
    except DetectorContractError as error:
        return RuleReport(name, error.broken, "", [])
    said = {
        kind: [row for history in histories for row in _said(rule, history)]
        for kind, histories in examples.items()
    }
    text = msgspec.json.format(msgspec.json.encode(said)).decode() + "\n"
    path = folder / EXPECTED
    if not path.exists():
        path.write_text(text, encoding="utf-8")
        return RuleReport(name, [], "written", [])
    before = path.read_text(encoding="utf-8")
    if before == text:
        return RuleReport(name, [], "the same", [])
    lines = unified_diff(before.splitlines(), text.splitlines(), "expected", "said", lineterm="", n=1)
    return RuleReport(name, [], "differs", list(lines))


def _examples(path: Path, policy: Policy) -> list[VehicleHistory]:
    decode = decoder_of(policy.country)
    found: dict[str, list[Document]] = {}
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise RulesError(f"cannot read the examples {path}: {error}") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                document = decode(line)
            except DocumentError as error:
                raise RulesError(f"{path}, line {number}: {error}") from None
            found.setdefault(document.vin, []).append(document)
    most = policy.history.maximum_documents
    return [file_whole(vin, documents, (), most)[0] for vin, documents in found.items()]


def _said(rule: Detector[Any], history: VehicleHistory) -> Iterator[dict[str, Any]]:
    found = by_identity(rule.judge(history), "vehicle", history.vin)
    for identity, finding in sorted(found.items()):
        yield {"alert_id": identity, "vin": history.vin} | _row(rule, finding)


def _row(rule: Detector[Any], finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "score": finding.score,
        "occurred_at": finding.occurred_at,
        "explanation": rule.explain(finding.facts),
        "facts": finding.facts,
        "evidence": [f"{each.source}/{each.event_id}" for each in finding.evidence],
        "waits_for": None if finding.deadline is None else finding.deadline.feed,
    }
