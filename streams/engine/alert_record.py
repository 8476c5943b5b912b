"""From a change in an alert's life to the record that is published, and back to what is remembered."""

from detectors.alerts import Alert, AlertState, Cause, Change, alert_id
from detectors.base import DetectorSpec
from detectors.findings import Finding, SubjectType


def alert_record(
    change: Change,
    spec: DetectorSpec,
    *,
    policy_id: str,
    subject_type: SubjectType,
    subject: str,
    cause: Cause,
    detected_at: str,
    explanation: str,
) -> Alert:
    """Put the record of a change together."""
    finding = change.finding
    return Alert(
        change.alert_id,
        finding.detector,
        spec.version,
        finding.model_id,
        subject_type,
        subject,
        change.state,
        cause,
        change.revision,
        finding.severity,
        finding.score,
        finding.occurred_at,
        detected_at,
        spec.title,
        explanation,
        finding.facts,
        finding.evidence,
        finding.labels,
        spec.status == "experimental",
        policy_id,
    )


def remembered(alert: Alert) -> AlertState:
    """What is remembered of an alert, from the last change that was published: its memory is lost."""
    finding = None
    if alert.state == "firing":
        finding = Finding(
            alert.detector,
            _anchor(alert),
            alert.occurred_at,
            alert.severity,
            alert.score,
            alert.facts,
            alert.evidence,
            alert.labels,
            model_id=alert.model_id,
        )
    return AlertState(alert.alert_id, alert.revision, finding)


def _anchor(alert: Alert) -> str:
    """What the alert's finding hangs on, which only its id tells; empty where it is nothing usual."""
    usual = [alert.occurred_at, str(alert.facts.get("source", ""))]
    usual += [f"{document.source}/{document.event_id}" for document in alert.evidence]
    return next(
        (
            anchor
            for anchor in usual
            if alert_id(alert.detector, alert.subject_type, alert.subject, anchor) == alert.alert_id
        ),
        "",
    )
