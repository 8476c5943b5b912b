"""Vehicles judged by several catalogues at once: their documents are read and put together once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streams.backfill.judging import (
    JudgedVehicles,
    OpenedVehicle,
    Setup,
    TaskJudge,
    WholeVehicles,
    judged_together,
    whole_vehicles,
)


@dataclass(frozen=True, slots=True)
class SeveralSetups:
    """What every process needs to judge by several catalogues, handed over once."""

    setups: tuple[Setup, ...]
    """One for each catalogue."""


def judge_sides(shared: SeveralSetups, task: WholeVehicles) -> list[JudgedVehicles]:
    """Judge whole vehicles by every catalogue."""
    judges = [TaskJudge(setup, task) for setup in shared.setups]
    for opened, alike in together(judges, task):
        for place in alike:
            judges[place].judge(opened)
    return [judge.judged for judge in judges]


def together(
    judges: Sequence[TaskJudge], task: WholeVehicles
) -> Iterator[tuple[list[OpenedVehicle], list[int]]]:
    """Vehicles, with the places of those who judge them: of all where they keep the same documents."""
    by_most: dict[int, list[int]] = {}
    for place, judge in enumerate(judges):
        by_most.setdefault(judge.catalogue.policy.history.maximum_documents, []).append(place)
    for most, alike in by_most.items():
        vehicles = whole_vehicles(task, judges[alike[0]].decode, most, Counter())
        catalogues = [judges[place].catalogue for place in alike]
        for opened in judged_together(vehicles, catalogues):
            yield opened, alike
