"""After a change of model or policy the stored vehicles are judged again in slices, between batches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from detectors.history import VehicleHistory
from detectors.policy import Policy
from detectors.registry import DECLARED, Catalogue, Verdict
from streams.service.owned_partition import JUDGE_SLICE, OwnedPartition
from streams.setup.policy import shipped_policy_text
from tests.service.partitions import NAMES, Event, make_partition, record

TOPIC = NAMES.documents[0]
VEHICLES = 2 * JUDGE_SLICE + 50


class CountingCatalogue(Catalogue):
    """Notes how many vehicles it is asked about each time."""

    def __init__(self, override: str) -> None:
        super().__init__(Policy.parse(shipped_policy_text(), override, DECLARED))
        self.asked: list[int] = []

    def judge(self, histories: Sequence[VehicleHistory], *more: Any) -> list[Verdict]:
        if histories:
            self.asked.append(len(histories))
        return super().judge(histories, *more)


@pytest.fixture
async def partition() -> OwnedPartition:
    return make_partition(CountingCatalogue(""))


def _sales(vehicle: int) -> list[SimpleNamespace]:
    """Two sales within a week."""
    vin = f"LSVTEST00{vehicle:08d}"
    entries = [
        {"event_id": f"e{vehicle}-{day}", "source": "s", "event_type": "registration",
         "kind": "transfer", "vin": vin, "occurred_at": f"2025-01-0{day}", "owner_id": f"o{day}"}
        for day in (2, 4)
    ]  # fmt: skip
    return [record(TOPIC, 0, vin, json.dumps(document).encode()) for document in entries]


def _take_in(partition: OwnedPartition, vehicles: Iterable[int]) -> None:
    partition.process([document for n in vehicles for document in _sales(n)], Event())
    partition.judge()


def _change_policy(partition: OwnedPartition) -> CountingCatalogue:
    changed = CountingCatalogue("[double_sale]\nenabled = false")
    partition.around.catalogue = changed
    partition.adopt()
    return changed


async def test_no_slice_is_larger_than_stated_and_all_are_judged(partition: OwnedPartition):
    _take_in(partition, range(VEHICLES))
    raised = len(partition.around.observer.recent)
    changed = _change_policy(partition)
    assert partition.unjudged == VEHICLES
    slices = []
    while partition.unjudged:
        partition.judge_stored()
        slices.append(sum(changed.asked) - sum(slices))

    assert slices == [JUDGE_SLICE, JUDGE_SLICE, 50]
    resolved = list(partition.around.observer.recent)[raised:]
    assert {(a.detector, a.state, a.cause) for a in resolved} == {
        ("double_sale", "resolved", "reconfigured")
    }
    assert len(resolved) == VEHICLES


async def test_documents_between_two_slices_are_judged_by_the_new_catalogue(partition: OwnedPartition):
    _take_in(partition, range(VEHICLES))
    _change_policy(partition)
    partition.judge_stored()
    seen = len(partition.around.observer.recent)

    _take_in(partition, [VEHICLES])

    since = list(partition.around.observer.recent)[seen:]
    assert {alert.detector for alert in since} == {"vin_quality"}
    assert partition.unjudged, "and the rest still waits"


async def test_vehicles_that_come_meanwhile_do_not_end_it_early(partition: OwnedPartition):
    _take_in(partition, [0])
    _change_policy(partition)
    partition.store.confirm(len(partition.store.begin()))
    _take_in(partition, range(1, VEHICLES))

    partition.judge_stored()

    assert partition.unjudged == 0
