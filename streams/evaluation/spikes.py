"""Provincial alerts against the injected spikes."""

import datetime
from collections import defaultdict
from typing import Final, NamedTuple

from detectors import civil_time
from streams.evaluation.observing import ObservedRun
from streams.evaluation.score import SpikeScore
from streams.evaluation.shares import delay, ratio
from streams.evaluation.truth import Truth
from streams.simulator.truth import SpikeTruth

LATEST: Final = 21
"""Days after a spike's last day within which an alert's event time still belongs to it."""
ANYBODY: Final = "(any provincial detector)"
NOBODY: Final = "(no provincial detector spoke)"


class _Alert(NamedTuple):
    province: str
    day: int
    began: int | None
    fires: bool
    """Whether it still fires at the end."""


def score_spikes(truth: Truth, seen: ObservedRun) -> tuple[SpikeScore, ...]:
    """Score every detector that spoke of provinces; without any, spikes are scored under no name.

    Labels of vehicles (a CSV) say nothing of provinces: no alert about one is right or wrong by them.
    """
    if truth.country is None:
        return ()
    said: defaultdict[str, list[_Alert]] = defaultdict(list)
    for (province, detector), sighting in seen.provinces.items():
        for identity, occurred_at in sighting.occurred.items():
            day = civil_time.parse(occurred_at).day
            fires = identity in sighting.firing
            said[detector].append(_Alert(province, day, sighting.began[identity], fires))
    if not said and truth.spikes:
        said[NOBODY] = []
    if len(said) > 1:
        said[ANYBODY] = [alert for alerts in list(said.values()) for alert in alerts]
    return tuple(_detector(name, truth, said[name]) for name in sorted(said))


def _detector(name: str, truth: Truth, said: list[_Alert]) -> SpikeScore:
    spikes = truth.spikes
    said = sorted(said, key=lambda alert: (alert.province, alert.day))
    spoken = [alert for alert in said if _is_province(alert.province)]
    alerts = [alert for alert in spoken if alert.fires]
    found: dict[int, list[_Alert]] = defaultdict(list)
    outside: list[_Alert] = []
    for alert in alerts:
        spike = next((s for s in spikes if _belongs(s, alert)), None)
        if spike is None:
            outside.append(alert)
        else:
            found[spike.spike].append(alert)
    return SpikeScore(
        detector=name,
        spikes=len(spikes),
        found=len(found),
        recall=ratio(len(found), len(spikes)),
        alerts=len(alerts),
        wrong=len(outside),
        precision=ratio(len(alerts) - len(outside), len(alerts)),
        days_to_detection=delay(_wait(s, spoken) for s in spikes if s.spike in found),
        missed=tuple(f"{s.province} {s.first_day}" for s in spikes if s.spike not in found),
        wrong_in_rush=sum(_in_rush(truth, alert) for alert in outside),
        outside=tuple(f"{a.province} {datetime.date.fromordinal(a.day)}" for a in outside),
    )


def _is_province(subject: str) -> bool:
    """Alerts on the whole nation, whose code has one part, are no province's and are left out."""
    return "-" in subject


def _wait(spike: SpikeTruth, alerts: list[_Alert]) -> int | None:
    """Days to the first alert on a spike, though another alert may have taken its place since."""
    began = [a.began for a in alerts if a.began is not None and _belongs(spike, a)]
    return max(0, min(began) - _ordinal(spike.first_day)) if began else None


def _belongs(spike: SpikeTruth, alert: _Alert) -> bool:
    if alert.province != spike.province:
        return False
    return _ordinal(spike.first_day) <= alert.day <= _ordinal(spike.last_day) + LATEST


def _in_rush(truth: Truth, alert: _Alert) -> bool:
    return any(
        _ordinal(rush.first_day) - LATEST <= alert.day <= _ordinal(rush.last_day) + LATEST
        for rush in truth.rushes
    )


def _ordinal(day: str) -> int:
    return datetime.date.fromisoformat(day).toordinal()
