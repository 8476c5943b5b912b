"""From a change in an alert's life to the record that is published."""

from detectors.alerts import Alert, Cause, Change
from detectors.base import DetectorSpec
from detectors.findings import SubjectType


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
