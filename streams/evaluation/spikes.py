"""Provincial alerts against the injected spikes."""

import datetime
from collections import defaultdict
from typing import Final

from detectors import civil_time
from streams.evaluation.observing import Observation
from streams.evaluation.score import Delay, SpikeScore
from streams.evaluation.truth import Truth
from streams.simulator.truth import SpikeTruth

LATEST: Final = 21
"""Days after a spike's last day within which an alert's event time still belongs to it."""


def score_spikes(truth: Truth, seen: Observation) -> tuple[SpikeScore, ...]:
    """Score every detector that spoke of provinces; without any, spikes are scored under no name."""
    said: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for (province, detector), sighting in seen.provinces.items():
        days = sorted(civil_time.parse(text).day for text in sighting.firing.values())
        said[detector] += [(province, day) for day in days]
    if not said and truth.spikes:
        said["(no provincial detector spoke)"] = []
    return tuple(_detector(name, truth.spikes, said[name]) for name in sorted(said))


def _detector(name: str, spikes: list[SpikeTruth], alerts: list[tuple[str, int]]) -> SpikeScore:
    right = 0
    first: dict[int, int] = {}
    for province, day in alerts:
        spike = next((s for s in spikes if s.province == province and _belongs(s, day)), None)
        if spike is None:
            continue
        right += 1
        first[spike.spike] = min(day, first.get(spike.spike, day))
    waits = sorted(first[s.spike] - _ordinal(s.first_day) for s in spikes if s.spike in first)
    return SpikeScore(
        detector=name,
        spikes=len(spikes),
        found=len(first),
        recall=round(len(first) / len(spikes), 6) if spikes else None,
        alerts=len(alerts),
        wrong=len(alerts) - right,
        precision=round(right / len(alerts), 6) if alerts else None,
        days_to_detection=_delay(waits),
        missed=tuple(f"{s.province} {s.first_day}" for s in spikes if s.spike not in first),
    )


def _delay(waits: list[int]) -> Delay | None:
    if not waits:
        return None
    return Delay(float(waits[len(waits) // 2]), float(waits[int(0.95 * (len(waits) - 1))]))


def _belongs(spike: SpikeTruth, day: int) -> bool:
    return _ordinal(spike.first_day) <= day <= _ordinal(spike.last_day) + LATEST


def _ordinal(day: str) -> int:
    return datetime.date.fromisoformat(day).toordinal()
