"""Counts the cases into a score card."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import UNSET

from streams.evaluation.cases import ORDINARY, EvaluatedVehicle, cases
from streams.evaluation.counting import delay, share
from streams.evaluation.observing import ObservedRun
from streams.evaluation.score import (
    DetectorScore,
    LookAlikeScore,
    Missed,
    RefusalScore,
    SchemeScore,
    Score,
    WrongAlerts,
)
from streams.evaluation.spikes import score_spikes
from streams.evaluation.truth import Truth
from streams.evaluation.unusual import score_unusual

EXAMPLES: Final = 5


def score(truth: Truth, seen: ObservedRun) -> Score:
    """Compare what was said with what is true."""
    all_cases = list(cases(truth, seen))
    country = truth.country
    assert country is not None  # noqa: S101 - read_truth refuses files without it
    return Score(
        documents=country.documents,
        vehicles=country.vehicles,
        detector_errors=seen.detector_errors,
        detectors=_detectors(all_cases),
        schemes=_schemes(truth, all_cases),
        look_alikes=_look_alikes(truth, all_cases),
        missed=_missed(all_cases),
        wrong=_wrong(all_cases),
        spikes=score_spikes(truth, seen),
        unusual=score_unusual(truth, seen),
        refusals=_refusals(truth, seen),
    )


def _detectors(all_cases: Sequence[EvaluatedVehicle]) -> tuple[DetectorScore, ...]:
    grouped: defaultdict[str, list[EvaluatedVehicle]] = defaultdict(list)
    for case in all_cases:
        grouped[case.detector].append(case)
    return tuple(_detector(name, grouped[name]) for name in sorted(grouped))


def _detector(name: str, members: list[EvaluatedVehicle]) -> DetectorScore:
    provable = [case for case in members if case.provable]
    found = [case for case in provable if case.fires]
    right = sum(case.fires and case.expected is not None for case in members)
    wrong = [case for case in members if case.wrong]
    return DetectorScore(
        detector=name,
        expected=len(provable),
        found=len(found),
        recall=share(len(found), len(provable)),
        firing=sum(case.fires for case in members),
        right=right,
        tolerated=sum(case.fires and case.tolerated for case in members),
        wrong=len(wrong),
        wrong_for_lost_documents=sum(case.documents_lost for case in wrong),
        precision=share(right, right + len(wrong)),
        withdrawn=sum(case.withdrawn for case in members),
        since_provable=delay(case.days_since_provable() for case in found),
        since_visible=delay(case.days_since_visible() for case in found),
    )


def _schemes(truth: Truth, all_cases: Sequence[EvaluatedVehicle]) -> tuple[SchemeScore, ...]:
    vehicles = Counter(v.label for v in truth.vehicles.values() if v.kind == "scheme")
    provable: defaultdict[str, list[EvaluatedVehicle]] = defaultdict(list)
    for case in all_cases:
        if case.provable and case.kind == "scheme":
            provable[case.label].append(case)
    scores = []
    for scheme in sorted(vehicles):
        own = [case for case in provable[scheme] if case.detector == scheme]
        found = sum(case.fires for case in own)
        found_alerts = sum(case.fires for case in provable[scheme])
        scores.append(
            SchemeScore(
                scheme=scheme,
                vehicles=vehicles[scheme],
                provable=len(own),
                found=found,
                recall=share(found, len(own)),
                expected_alerts=len(provable[scheme]),
                found_alerts=found_alerts,
                recall_alerts=share(found_alerts, len(provable[scheme])),
            )
        )
    return tuple(scores)


def _look_alikes(truth: Truth, all_cases: Sequence[EvaluatedVehicle]) -> tuple[LookAlikeScore, ...]:
    assert truth.country is not None  # noqa: S101 - read_truth refuses files without it
    vehicles = Counter(v.label for v in truth.vehicles.values() if v.kind == "look_alike")
    vehicles[ORDINARY] = truth.country.ordinary_vehicles
    grouped: defaultdict[str, list[EvaluatedVehicle]] = defaultdict(list)
    for case in all_cases:
        if case.kind != "scheme":
            grouped[case.label].append(case)
    return tuple(_look_alike(name, vehicles[name], grouped[name]) for name in sorted(vehicles))


def _look_alike(name: str, vehicles: int, members: list[EvaluatedVehicle]) -> LookAlikeScore:
    wrong = [case for case in members if case.wrong]
    accused = {case.vin for case in wrong}
    lost = {case.vin for case in wrong if case.documents_lost}
    return LookAlikeScore(
        look_alike=name,
        vehicles=vehicles,
        accused=len(accused),
        rate=share(len(accused), vehicles),
        accused_for_lost_documents=len(lost),
        tolerated=len({case.vin for case in members if case.fires and case.tolerated}),
        withdrawn=len({case.vin for case in members if case.withdrawn}),
        by_detector=dict(sorted(Counter(case.detector for case in wrong).items())),
    )


def _missed(all_cases: Iterable[EvaluatedVehicle]) -> tuple[Missed, ...]:
    grouped: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for case in all_cases:
        if case.expected is None or case.fires:
            continue
        missing = case.expected.missing
        reason = "documents were there" if missing is UNSET else missing
        grouped[reason, case.detector, case.label].append(case.vin)
    return tuple(
        Missed(
            detector=detector,
            label=label,
            reason=reason,
            count=len(vins),
            examples=tuple(sorted(vins)[:EXAMPLES]),
        )
        for (reason, detector, label), vins in sorted(grouped.items())
    )


def _wrong(all_cases: Iterable[EvaluatedVehicle]) -> tuple[WrongAlerts, ...]:
    grouped: defaultdict[tuple[str, str, bool], list[str]] = defaultdict(list)
    for case in all_cases:
        if case.wrong:
            grouped[case.detector, case.label, case.documents_lost].append(case.vin)
    return tuple(
        WrongAlerts(
            detector=detector,
            label=label,
            documents_lost=lost,
            count=len(vins),
            examples=tuple(sorted(vins)[:EXAMPLES]),
        )
        for (detector, label, lost), vins in sorted(grouped.items())
    )


def _refusals(truth: Truth, seen: ObservedRun) -> RefusalScore | None:
    if seen.refused is None:
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
