"""What a verdict changes of a vehicle's alerts."""

import msgspec

from detectors.alerts import AlertState, Cause, Change, diff
from detectors.findings import Finding
from detectors.history import VehicleHistory
from detectors.judging import Judgement
from detectors.registry import Catalogue
from streams.engine.alert_record import alert_record
from streams.engine.deadlines import DeadlineBook
from streams.engine.results import Counters, DetectorFailure, Result
from streams.state.record import VehicleRecord


class JudgedVehicle(msgspec.Struct, frozen=True):
    """A vehicle to judge."""

    vin: str
    record: VehicleRecord
    cause: Cause
    stored: bytes | None = None
    """The record as it lies in the store, where that may be as good as the new one."""


class AlertChanges:
    """Compares what is found of vehicles with what was said of them, and reports the difference.

    Parameters
    ----------
    catalogue
        Knows the detectors that found it.
    counters
        Count changes and failures.
    """

    def __init__(self, catalogue: Catalogue, counters: Counters) -> None:
        self.catalogue = catalogue
        self.deadlines = DeadlineBook()
        """Vehicles whose findings wait."""
        self._counters = counters

    def report(
        self,
        case: JudgedVehicle,
        judgement: Judgement,
        result: Result,
        detected_at: str,
    ) -> None:
        """Bring a vehicle's record up to a judgement, and add what changed to a result."""
        record, history, now = case.record, judgement.history, judgement.firing
        self.deadlines.replace(case.vin, judgement.deadlines)
        if judgement.failed:
            self._report_failed(judgement.failed, history, result)
            now = dict(now)
            _keep_standing(record.alerts, judgement.failed, now)
        changes, record.alerts = diff(record.alerts, now, record.first_revision)
        _forget_oldest(record, self.catalogue.policy.history.maximum_resolved_alerts)
        for change in changes:
            self._tell(change, case.cause, history, result, detected_at)

    def report_first(self, judgement: Judgement, result: Result, detected_at: str) -> None:
        """Report all that is found of a vehicle that is judged once and for all."""
        if judgement.failed:
            self._report_failed(judgement.failed, judgement.history, result)
        for identity, finding in judgement.firing.items():
            change = Change(identity, 0, "firing", finding)
            self._tell(change, "new_evidence", judgement.history, result, detected_at)

    def _tell(
        self, change: Change, cause: Cause, history: VehicleHistory, result: Result, detected_at: str
    ) -> None:
        """Add the record of a change to a result."""
        result.alerts.append(
            alert_record(
                change,
                self.catalogue.known[change.finding.detector].spec_in_force,
                policy_id=self.catalogue.policy.digest,
                subject_type="vehicle",
                subject=history.vin,
                cause=cause,
                detected_at=detected_at,
                explanation=self._explain(change.finding, history, result),
            )
        )

    def _explain(self, finding: Finding, history: VehicleHistory, result: Result) -> str:
        """Explain a finding; one of an older version may lack facts, and must stop nothing."""
        detector = self.catalogue.known[finding.detector]
        try:
            return detector.explain(finding.facts)
        except Exception as error:  # noqa: BLE001 - whatever it is, the alert must go out
            self._report_failed({finding.detector: error}, history, result)
            return detector.spec.description

    def _report_failed(
        self, failed: dict[str, Exception], history: VehicleHistory, result: Result
    ) -> None:
        documents = tuple(f"{d.source}/{d.event_id}" for d in history.documents)
        for detector, error in failed.items():
            self._counters.detector_errors[detector] += 1
            result.failures.append(DetectorFailure(detector, documents, error, history.vin))


def _keep_standing(
    standing: list[AlertState], failed: dict[str, Exception], now: dict[str, Finding]
) -> None:
    """A detector that raised has not withdrawn what it said before."""
    for alert in standing:
        if alert.finding is not None and alert.finding.detector in failed:
            now[alert.alert_id] = alert.finding


def _forget_oldest(record: VehicleRecord, limit: int) -> None:
    """Forget resolved alerts beyond a limit; should one open again, its revisions still grow."""
    resolved = [alert for alert in record.alerts if alert.finding is None]
    for alert in resolved[: max(0, len(resolved) - limit)]:
        record.alerts.remove(alert)
        record.first_revision = max(record.first_revision, alert.revision + 1)
