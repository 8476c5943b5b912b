"""Alerts: the life of findings over time, as the difference between two sets of findings."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Literal

import msgspec

from detectors.findings import Evidence, Fact, Finding, Severity, SubjectType

State = Literal["firing", "resolved"]
Cause = Literal["new_evidence", "amended", "voided", "late_document", "deadline_passed", "reconfigured"]


class Alert(msgspec.Struct, frozen=True):
    """One change of one alert: the record on the alert topic."""

    alert_id: str
    detector: str
    detector_version: int
    model_id: str | None
    subject_type: SubjectType
    subject: str
    state: State
    cause: Cause
    revision: int
    severity: Severity
    score: float
    occurred_at: str
    detected_at: str
    title: str
    explanation: str
    facts: dict[str, Fact]
    evidence: tuple[Evidence, ...]
    labels: dict[str, str]
    shadow: bool
    policy_id: str | None = None
    """Digest of the policy that was in force; ``None`` in records of programs that did not say it."""


class AlertState(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of an alert: its last revision, and the finding while it fires."""

    alert_id: str
    revision: int
    finding: Finding | None
    """``None`` once it is resolved."""


class Change(msgspec.Struct, frozen=True):
    """One step in an alert's life."""

    alert_id: str
    revision: int
    state: State
    finding: Finding
    """The finding now, or the last one of a resolved alert."""


def alert_id(detector: str, subject_type: SubjectType, subject: str, anchor: str) -> str:
    """Identity of an alert, stable for ever: a digest of detector, subject and anchor."""
    identity = "\x1f".join((detector, subject_type, subject, anchor))
    return blake2b(identity.encode(), digest_size=16).hexdigest()


def diff(
    standing: Sequence[AlertState],
    now: Mapping[str, Finding],
    first_revision: int = 0,
) -> tuple[list[Change], list[AlertState]]:
    """Compare what stood with what is found now.

    Parameters
    ----------
    standing
        Alerts of the subject so far, firing and resolved.
    now
        Findings that hold now, by alert id.
    first_revision
        Revision at which a new alert opens: above those of resolved alerts that were forgotten.

    Returns
    -------
    tuple
        The changes (opened, updated, resolved, re-opened), and the alerts that stand afterwards.
        Revisions of one alert only ever grow.
    """
    changes: list[Change] = []
    after: list[AlertState] = []
    for old in standing:
        finding = now.get(old.alert_id)
        if finding == old.finding:
            after.append(old)
            continue
        revision = old.revision + 1
        state: State = "resolved" if finding is None else "firing"
        shown = finding or old.finding
        assert shown is not None  # noqa: S101 - a resolved alert without a finding is unchanged
        changes.append(Change(old.alert_id, revision, state, shown))
        after.append(AlertState(old.alert_id, revision, finding))
    known = {old.alert_id for old in standing}
    for identity, finding in now.items():
        if identity not in known:
            changes.append(Change(identity, first_revision, "firing", finding))
            after.append(AlertState(identity, first_revision, finding))
    return changes, after


def by_identity(
    findings: Iterable[Finding], subject_type: SubjectType, subject: str
) -> dict[str, Finding]:
    """Key findings by the id of their alert; of two with one anchor the worse one stands."""
    keyed: dict[str, Finding] = {}
    for finding in findings:
        identity = alert_id(finding.detector, subject_type, subject, finding.anchor)
        rival = keyed.get(identity)
        if rival is None or finding.score > rival.score:
            keyed[identity] = finding
    return keyed
