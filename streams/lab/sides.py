"""Vehicles judged by several catalogues at once: their documents are read and put together once."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from detectors.history import VehicleHistory
from streams.backfill.judging import (
    JudgedVehicles,
    Setup,
    TaskJudge,
    WholeVehicles,
    judged_together,
    whole_vehicles,
)
from streams.lab.parties import NamedParties, named_by


@dataclass(frozen=True, slots=True)
class SeveralSetups:
    """What every process needs to judge by several catalogues, handed over once."""

    setups: tuple[Setup, ...]
    """One for each catalogue."""
    noted: frozenset[str] = frozenset()
    """Detectors of whose alerts the parties are to be noted."""


@dataclass(slots=True)
class JudgedSides:
    """What vehicles came to."""

    sides: list[JudgedVehicles]
    """By each catalogue."""
    named: NamedParties = field(default_factory=dict)
    """Whom documents name on which alerts rest, on any side."""


def judge_sides(shared: SeveralSetups, task: WholeVehicles) -> JudgedSides:
    """Judge whole vehicles by every catalogue."""
    judges = [TaskJudge(setup, task) for setup in shared.setups]
    judged = JudgedSides([judge.judged for judge in judges])
    for histories, alike in _together(judges, task):
        for judge in alike:
            for judgement in judge.judge(histories):
                for alert_id, finding in judgement.firing.items():
                    if finding.detector in shared.noted:
                        parties = judged.named.setdefault(alert_id, set())
                        parties.update(named_by(finding.evidence, judgement.history))
    return judged


def _together(
    judges: Iterable[TaskJudge], task: WholeVehicles
) -> Iterator[tuple[list[VehicleHistory], list[TaskJudge]]]:
    """Vehicles, with those who judge them: all of them where they keep the same documents."""
    by_most: dict[int, list[TaskJudge]] = {}
    for judge in judges:
        by_most.setdefault(judge.catalogue.policy.history.maximum_documents, []).append(judge)
    for most, alike in by_most.items():
        vehicles = whole_vehicles(task, alike[0].decode, most, Counter())
        for histories in judged_together(vehicles, [judge.catalogue for judge in alike]):
            yield histories, alike
