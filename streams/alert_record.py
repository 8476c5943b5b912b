"""From a change in an alert's life to the record that is published."""

from detectors.alerts import Alert, Cause, Change
from detectors.base import DetectorSpec
from detectors.findings import SubjectType


def alert_record(
    change: Change,
    spec: DetectorSpec,
    *,
    subject_type: SubjectType,
    subject: str,
    cause: Cause,
    detected_at: str,
    explanation: str,
) -> Alert:
    """Put the record of a change together."""
    finding = change.finding
    return Alert(
        alert_id=change.alert_id,
        detector=finding.detector,
        detector_version=spec.version,
        model_id=finding.model_id,
        subject_type=subject_type,
        subject=subject,
        state=change.state,
        cause=cause,
        revision=change.revision,
        severity=finding.severity,
        score=finding.score,
        occurred_at=finding.occurred_at,
        detected_at=detected_at,
        title=spec.title,
        explanation=explanation,
        facts=finding.facts,
        evidence=finding.evidence,
        labels=finding.labels,
        shadow=spec.status == "experimental",
    )
