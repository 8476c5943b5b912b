"""The provinces' export counts over the engine's changes, and the alerts that follow from them."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import cast

import msgspec

from detectors import civil_time
from detectors.alerts import Alert, AlertState, Cause, by_identity, diff
from detectors.errors import ZeromileError
from detectors.exports import ExportChange
from detectors.findings import Finding, Severity, score_in_band
from detectors.policy import Policy
from detectors.spikes.declared import PROVINCE_DETECTORS, CustomsDelayDrift, SpikeParameters
from detectors.spikes.delay import DelayDrift
from detectors.spikes.findings import SpikeFinding
from detectors.spikes.tally import ProvinceState, moves
from detectors.spikes.watch import SpikeWatch, WatchReport
from streams.engine.alert_record import alert_record, remembered
from streams.setup.clock import utc_now


class _Memory(msgspec.Struct, array_like=True):
    standing: dict[str, list[AlertState]]
    explanations: list[tuple[str, str, str, str]]


class ProvinceMemoryError(ZeromileError):
    """What was remembered of the provinces' alerts and cannot be read."""


class ProvinceAggregator:
    """Keeps every province's counts exactly and says what is sudden in them.

    The alerts that fire are a function of the counts and of the civil day they are judged on, so the
    order in which vehicles changed does not matter.

    Parameters
    ----------
    policy
        Thresholds.
    clock
        Wall clock for ``detected_at``, which no finding depends on.
    """

    def __init__(self, policy: Policy, clock: Callable[[], datetime] = utc_now) -> None:
        self.tallies: dict[str, ProvinceState] = {}
        self._nation = ProvinceState()
        """The sum of all tallies."""
        self._latest: WatchReport | None = None
        self._policy_id = policy.digest
        self._clock = clock
        self._parameters = {name: policy.parameters[name] for name in PROVINCE_DETECTORS}
        self._watches = any(each.enabled for each in self._parameters.values())
        spikes = cast("SpikeParameters", self._parameters["province_export_spike"])
        self.country = policy.country
        self._watch = SpikeWatch(tuple(self.country.regions), spikes.settings(), self.country)
        self._standing: dict[str, list[AlertState]] = {}
        self._explanations: dict[tuple[str, str, str], str] = {}
        """By province, detector and anchor; a resolved alert repeats its last one."""
        self._amended: set[str] = set()
        self._judged_on: int | None = None
        self._judged = False
        """Whether the counts are still those that were judged."""

    def count(self, changes: Iterable[ExportChange]) -> None:
        """Move the counts by what changed for single vehicles."""
        for change in changes:
            self._judged = False
            for export, sign in moves(change.before, change.after):
                self.tallies.setdefault(export.province, ProvinceState()).add(export, sign)
                self._nation.add(export, sign)
                if change.before is not None:
                    self._amended.add(export.province)

    def judge_daily(self, today: int | None) -> list[Alert]:
        """Judge the counts if a new civil day has begun since they were judged last."""
        if today is None or (self._judged_on is not None and today <= self._judged_on):
            return []
        return self.judge(today)

    def judge(self, today: int | None) -> list[Alert]:
        """Judge the counts up to a civil day and report what changed.

        Parameters
        ----------
        today
            Newest civil day of the customs feed; ``None`` while it has not published.
        """
        if today is None or (self._judged and today == self._judged_on):
            return []
        self._judged_on, self._judged, self._latest = today, True, None
        by_province: dict[str, list[Finding]] = {}
        for province, finding, explanation in self._told():
            if self._is_in_force(finding):
                self._explanations[province, finding.detector, finding.anchor] = explanation
                by_province.setdefault(province, []).append(finding)
        alerts: list[Alert] = []
        for province in sorted({*by_province, *self._standing}):
            alerts += self._changes(province, by_province.get(province, []))
        self._amended.clear()
        return alerts

    @property
    def latest(self) -> WatchReport | None:
        """What the watch says of the day that was judged last: counts, expectations and bounds.

        Worked out when it is asked for: where no detector of provinces is enabled, hardly anybody asks.
        """
        if self._latest is None and self._judged_on is not None:
            self._latest = self._watch.report(self.tallies, self._judged_on, self._nation)
        return self._latest

    def firing(self, province: str) -> list[tuple[AlertState, Finding, str]]:
        """A province's alerts that fire, each with its finding and what is said of it."""
        return [
            (alert, finding, self._explanations[province, finding.detector, finding.anchor])
            for alert in self._standing.get(province, [])
            if (finding := alert.finding) is not None
        ]

    def memory(self) -> bytes:
        """What a restart needs beside the counts: the alerts so far and what was said of them."""
        explanations = [(*key, text) for key, text in self._explanations.items()]
        return msgspec.msgpack.encode(_Memory(self._standing, explanations))

    def remember(self, memory: bytes) -> None:
        """Take over what `memory` returned before the restart.

        Raises
        ------
        ProvinceMemoryError
            If it is no such thing.
        """
        try:
            kept = msgspec.msgpack.decode(memory, type=_Memory)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ProvinceMemoryError(
                f"what the changelog remembers of the provinces cannot be read: {error}; "
                "`zeromile state drop --provinces` makes it anew from the alert topic"
            ) from None
        self._judged = False
        self._standing = kept.standing
        self._explanations = {
            (province, detector, anchor): text for province, detector, anchor, text in kept.explanations
        }

    def remember_alerts(self, alerts: Iterable[Alert]) -> None:
        """Take over the last changes of provinces' alerts, where `memory` is lost."""
        self._judged = False
        for alert in alerts:
            state = remembered(alert)
            self._standing.setdefault(alert.subject, []).append(state)
            if state.finding is not None:
                told = alert.subject, alert.detector, state.finding.anchor
                self._explanations[told] = alert.explanation

    def _changes(self, province: str, findings: list[Finding]) -> list[Alert]:
        now = by_identity(findings, "province", province)
        changes, after = diff(self._standing.get(province, []), now)
        self._standing[province] = after
        cause: Cause = (
            "amended" if province in self._amended or province == self.country.code else "new_evidence"
        )
        return [
            alert_record(
                change,
                PROVINCE_DETECTORS[change.finding.detector].spec,
                policy_id=self._policy_id,
                subject_type="province",
                subject=province,
                cause=cause if change.state == "resolved" else "new_evidence",
                detected_at=self._clock().isoformat(),
                explanation=self._explanations[
                    province, change.finding.detector, change.finding.anchor
                ],
            )
            for change in changes
        ]

    def _told(self) -> Iterator[tuple[str, Finding, str]]:
        """What the watch said last: the province or the nation, the finding, its sentence."""
        report = self.latest if self._watches else None
        if report is None:
            return
        for finding in report.findings:
            yield finding.province, _of_counts(finding), finding.explanation()
        monday = civil_time.day_text(report.mondays[-1])
        for source, drift in report.drifts.items():
            yield self.country.code, _of_delay(source, drift, monday), drift.explanation(source)

    def _is_in_force(self, finding: Finding) -> bool:
        parameters = self._parameters[finding.detector]
        return parameters.enabled and parameters.in_force(finding)


def _of_counts(finding: SpikeFinding) -> Finding:
    first = civil_time.day_text(finding.first_day)
    return Finding(
        detector=finding.detector,
        anchor=first,
        occurred_at=first,
        severity=finding.severity,
        score=round(finding.score, 4),
        facts=dict(finding.facts()),
        evidence=(),
        labels={"province": finding.province},
    )


def _of_delay(source: str, drift: DelayDrift, monday: str) -> Finding:
    severity: Severity = "medium" if abs(drift.now - drift.usual) >= _LARGE_DRIFT else "low"
    return Finding(
        detector=CustomsDelayDrift.spec.id,
        anchor=source,
        occurred_at=monday,
        severity=severity,
        score=score_in_band(severity, abs(drift.now - drift.usual)),
        facts={
            "source": source,
            "weeks_of_delay": drift.lag,
            "usual_share": round(drift.usual, 3),
            "share_now": round(drift.now, 3),
            "z": round(drift.z, 1),
        },
        evidence=(),
        labels={},
    )


_LARGE_DRIFT = 0.15
"""Change in the share of documents that is there in time, from which open weeks mislead."""
