"""Vehicles judged by several catalogues at once: their documents are read and put together once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detectors.judging import Judgement
from detectors.registry import Beside
from streams.backfill.judging import (
    JudgedVehicles,
    OpenedVehicle,
    Setup,
    TaskJudge,
    WholeVehicles,
    judged_together,
    whole_vehicles,
)
from streams.backfill.outputs import alert_as_record


@dataclass(frozen=True, slots=True)
class SeveralSetups:
    """What every process needs to judge by several catalogues, handed over once."""

    setups: tuple[Setup, ...]
    """One for each catalogue."""


def judge_sides(shared: SeveralSetups, task: WholeVehicles) -> list[JudgedVehicles]:
    """Judge whole vehicles by every catalogue."""
    judges = [TaskJudge(setup, task) for setup in shared.setups]
    for sides in side_by_side(judges, task):
        for judge, judgements in zip(judges, sides, strict=True):
            for judgement in judgements:
                judge.judged.alerts += map(alert_as_record, judge.note(judgement))
    return [judge.judged for judge in judges]


def side_by_side(judges: Sequence[TaskJudge], task: WholeVehicles) -> Iterator[list[list[Judgement]]]:
    """What every judge says of the same vehicles, some at once, the others beside the first."""
    for first, *others in _lives(judges, task):
        told = judges[0].look_at(first)
        said = [None if judgement.failed else judgement.findings for judgement in told]
        beside = Beside(judges[0].catalogue, said)
        yield [
            told,
            *(
                judge.look_at(opened, beside if opened is first else None)
                for judge, opened in zip(judges[1:], others, strict=True)
            ),
        ]


def _lives(judges: Sequence[TaskJudge], task: WholeVehicles) -> Iterator[list[list[OpenedVehicle]]]:
    """Some vehicles at once for each judge: the same where as many documents are kept."""
    catalogues = [judge.catalogue for judge in judges]
    kept = [catalogue.policy.history.maximum_documents for catalogue in catalogues]
    places = {most: place for place, most in enumerate(dict.fromkeys(kept))}
    vehicles = [whole_vehicles(task, judges[0].decode, most) for most in places]
    for lives in zip(*(judged_together(each, catalogues) for each in vehicles), strict=True):
        yield [lives[places[most]] for most in kept]
