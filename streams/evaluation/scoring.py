"""Counts what was said against what is true."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from detectors.findings import SEVERITIES
from streams.evaluation.baselines import (
    WITHIN_A_WEEK,
    YOUNGEST,
    Register,
    lot,
    within_a_week,
    youngest_first,
)
from streams.evaluation.kinds import KINDS, ORDINARY, SCHEMES
from streams.evaluation.observing import FiringAlert, ObservedRun
from streams.evaluation.score import (
    BaseRateScore,
    BudgetScore,
    DetectorScore,
    KindScore,
    RefusalScore,
    Score,
    StoryScore,
)
from streams.evaluation.shares import delay, share
from streams.evaluation.spikes import score_spikes
from streams.evaluation.truth import Truth

BUDGETS: Final = (100, 400, 1_000)
"""How many vehicles somebody has the time to look into."""
BASE_RATE: Final = 0.012
"""Share of the vehicles with documents that are schemes in life. An assumption."""
EXAMPLES: Final = 5
BY_SCORE: Final = "alerts by score"


def score(
    truth: Truth,
    seen: ObservedRun,
    register: Register,
    base_rate: float = BASE_RATE,
) -> Score:
    """Compare what was said with what is true.

    Parameters
    ----------
    truth, seen
        What people were about, and what was said of it.
    register
        What anybody can count in the stream: vehicles that the truth does not list are ordinary, and
        the age at export gives naive baselines.
    base_rate
        Share of schemes in life.
    """
    vehicles = max(register.vehicles, len(truth.vehicles))
    right, accused, mentioned = _vehicles(truth, seen.firing.values())
    kinds = _kinds(truth, vehicles, accused)
    aloud = [alert for alert in seen.firing.values() if not alert.shadow]
    severities = Counter(alert.severity for alert in aloud)
    return Score(
        documents=seen.documents,
        vehicles=vehicles,
        detector_errors=seen.detector_errors,
        kinds=kinds,
        stories=tuple(_stories(truth, seen, vehicles, accused, mentioned)),
        detectors=_detectors(truth, seen.firing.values()),
        alerts_per_thousand={
            name: round(1_000 * severities[name] / max(vehicles, 1), 3) for name in SEVERITIES
        },
        vehicles_accused_a_week=(round(7 * len(seen.accused_on) / seen.days, 2) if seen.days else None),
        budgets=tuple(_budgets(truth, aloud, right, register.ages)),
        at_base_rate=_at_base_rate(kinds, base_rate),
        spikes=score_spikes(truth, seen),
        refusals=_refusals(truth, seen),
    )


def _vehicles(truth: Truth, firing: Iterable[FiringAlert]) -> tuple[set[str], set[str], set[str]]:
    """Vehicles rightly accused, vehicles accused, vehicles with any alert that is not on trial.

    Of a scheme with days, an alert about other days accuses nobody of it.
    """
    right, accused, mentioned = set(), set(), set()
    for alert in firing:
        if alert.shadow:
            continue
        mentioned.add(alert.vehicle)
        intent = truth.intent(alert.vehicle)
        if not alert.accuses:
            continue
        if intent.kind not in SCHEMES:
            accused.add(alert.vehicle)
        elif alert.day is None or intent.covers(alert.day):
            accused.add(alert.vehicle)
            right.add(alert.vehicle)
    return right, accused, mentioned


def _kinds(truth: Truth, vehicles: int, accused: Collection[str]) -> tuple[KindScore, ...]:
    listed = Counter(intent.kind for intent in truth.vehicles.values())
    whole = Counter(intent.kind for intent in truth.vehicles.values() if intent.complete)
    unlisted = max(vehicles - len(truth.vehicles), 0)
    for counts in (listed, whole):
        counts[ORDINARY] += unlisted
    told = Counter(truth.intent(vehicle).kind for vehicle in accused)
    told_whole = Counter(
        truth.intent(vehicle).kind for vehicle in accused if truth.intent(vehicle).complete
    )
    return tuple(
        KindScore(
            kind,
            listed[kind],
            share(told[kind], listed[kind]),
            share(told_whole[kind], whole[kind]),
        )
        for kind in KINDS
        if listed[kind]
    )


def _stories(
    truth: Truth,
    seen: ObservedRun,
    vehicles: int,
    accused: Collection[str],
    mentioned: Collection[str],
) -> Iterator[StoryScore]:
    members: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for vehicle, intent in truth.vehicles.items():
        members[intent.kind, intent.story].append(vehicle)
    listed = truth.vehicles
    members[ORDINARY, ORDINARY] += [vehicle for vehicle in mentioned if vehicle not in listed]
    told_by: defaultdict[str, set[str]] = defaultdict(set)
    for alert in seen.firing.values():
        if alert.accuses:
            told_by[alert.vehicle].add(alert.detector)
    for kind, story in sorted(members, key=lambda key: (KINDS.index(key[0]), key[1])):
        own = members[kind, story]
        size = len(own)
        if (kind, story) == (ORDINARY, ORDINARY):
            size = sum(vehicle in listed for vehicle in own) + max(vehicles - len(listed), 0)
        yield _story(kind, story, size, own, truth, seen, accused, mentioned, told_by)


def _story(  # noqa: PLR0917 - called once, with everything that is known
    kind: str,
    story: str,
    size: int,
    own: Sequence[str],
    truth: Truth,
    seen: ObservedRun,
    accused: Collection[str],
    mentioned: Collection[str],
    told_by: Mapping[str, set[str]],
) -> StoryScore:
    told = [vehicle for vehicle in own if vehicle in accused]
    lost = [vehicle for vehicle in own if not truth.intent(vehicle).complete]
    lost_told = sum(vehicle in accused for vehicle in lost)
    detectors = Counter(name for vehicle in told for name in told_by[vehicle])
    strange = [vehicle for vehicle in own if (vehicle in accused) != (kind in SCHEMES)]
    return StoryScore(
        kind=kind,
        story=story,
        vehicles=size,
        accused=share(len(told), size),
        accused_complete=share(len(told) - lost_told, size - len(lost)),
        mentioned=sum(vehicle in mentioned for vehicle in own),
        told_by=dict(sorted(detectors.items(), key=lambda item: (-item[1], item[0]))),
        days=delay(_days(seen, vehicle) for vehicle in told) if kind in SCHEMES else None,
        examples=tuple(sorted(strange)[:EXAMPLES]),
    )


def _days(seen: ObservedRun, vehicle: str) -> int | None:
    if vehicle not in seen.accused_on or vehicle not in seen.seen_on:
        return None
    return seen.accused_on[vehicle] - seen.seen_on[vehicle]


def _detectors(truth: Truth, firing: Iterable[FiringAlert]) -> tuple[DetectorScore, ...]:
    groups: defaultdict[tuple[str, int, bool], list[FiringAlert]] = defaultdict(list)
    for alert in firing:
        groups[alert.detector, SEVERITIES.index(alert.severity), alert.shadow].append(alert)
    return tuple(
        _detector(truth, detector, SEVERITIES[severity], shadow, groups[detector, severity, shadow])
        for detector, severity, shadow in sorted(groups)
    )


def _detector(
    truth: Truth, detector: str, severity: str, shadow: bool, alerts: Sequence[FiringAlert]
) -> DetectorScore:
    vehicles = {alert.vehicle for alert in alerts}
    complete = {vehicle for vehicle in vehicles if truth.intent(vehicle).complete}
    right = {
        alert.vehicle
        for alert in alerts
        if truth.is_scheme(alert.vehicle)
        and (alert.day is None or truth.intent(alert.vehicle).covers(alert.day))
    }
    return DetectorScore(
        detector=detector,
        severity=severity,
        on_trial=shadow,
        alerts=len(alerts),
        right=share(len(right), len(vehicles)),
        right_complete=share(len(right & complete), len(complete)),
        by_kind=dict(Counter(truth.intent(vehicle).kind for vehicle in sorted(vehicles))),
    )


def _budgets(
    truth: Truth,
    aloud: Iterable[FiringAlert],
    right: Collection[str],
    ages: Mapping[str, int],
) -> Iterator[BudgetScore]:
    worst: dict[str, float] = {}
    for alert in aloud:
        worst[alert.vehicle] = max(alert.score, worst.get(alert.vehicle, float("-inf")))
    ranked = sorted(worst, key=lambda vehicle: (-worst[vehicle], lot(vehicle)))
    for budget in BUDGETS:
        first = ranked[:budget]
        yield BudgetScore(BY_SCORE, budget, share(sum(v in right for v in first), len(first)))
    youngest = youngest_first(ages)
    for budget in BUDGETS:
        first = youngest[:budget]
        yield BudgetScore(YOUNGEST, budget, share(sum(map(truth.is_scheme, first)), len(first)))
    soon = list(within_a_week(ages))
    yield BudgetScore(WITHIN_A_WEEK, len(soon), share(sum(map(truth.is_scheme, soon)), len(soon)))


def _at_base_rate(kinds: Sequence[KindScore], base_rate: float) -> BaseRateScore:
    """What the accusations would be worth where schemes are as rare as in life.

    The interval takes the worst and the best ends of both shares together, so it is wide rather than
    narrow.
    """
    found, wrong = (
        share(sum(row.accused.count for row in rows), sum(row.vehicles for row in rows))
        for rows in (
            [row for row in kinds if row.kind in SCHEMES],
            [row for row in kinds if row.kind not in SCHEMES],
        )
    )
    ends = ((found.share, wrong.share), (found.low, wrong.high), (found.high, wrong.low))
    precision, low, high = (_precision(base_rate, told, false) for told, false in ends)
    return BaseRateScore(base_rate, precision, low, high)


def _precision(base_rate: float, told: float | None, false: float | None) -> float | None:
    if told is None or false is None:
        return None
    right, wrong = base_rate * told, (1 - base_rate) * false
    return round(right / (right + wrong), 6) if right + wrong else None


def _refusals(truth: Truth, seen: ObservedRun) -> RefusalScore | None:
    if seen.refused is None or truth.country is None:
        return None
    by_reason: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for line, malformed in truth.malformed.items():
        by_reason[malformed.reason][seen.refused.get(line, "passed")] += 1
    refused = sum(line in seen.refused for line in truth.malformed)
    return RefusalScore(
        malformed=len(truth.malformed),
        refused=refused,
        passed=len(truth.malformed) - refused,
        refused_wrongly=len(seen.refused) - refused,
        by_reason={name: dict(sorted(by_reason[name].items())) for name in sorted(by_reason)},
    )
