"""Vehicles are forgotten by event time and wall clock, few at a time, and alerts outlive them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from detectors.decoding import decode
from detectors.filing import FiledDocument
from detectors.registry import Catalogue
from detectors.vin import check_digit
from streams.engine.engine import Engine
from streams.engine.results import Result
from streams.service.closing import Closing
from streams.service.owned_partition import OwnedPartition
from streams.service.partition_store import MemoryBackend, PartitionStore
from streams.service.state_ttl import EVERY_DAYS, FEW, SLICE, Forgetting, HeldBack, StateTtl
from streams.setup.policy import load_policy
from streams.state import record as records
from streams.state.record import VehicleRecord
from tests.service.partitions import NAMES, Event, make_partition, record

RETENTION = 1096
OLD = date(2020, 1, 1).toordinal()


def _add(store: PartitionStore, vin: str, day: int = OLD, received_on: int = OLD) -> None:
    entry = {
        "event_id": "e", "source": "s", "event_type": "registration", "kind": "initial",
        "vin": vin, "occurred_at": date.fromordinal(day).isoformat(),
    }  # fmt: skip
    document = decode(json.dumps(entry).encode())
    kept = VehicleRecord(filed=[FiledDocument(document)], received_on=received_on)
    store.put(vin, records.encode(kept))


def _swept(sweeper: StateTtl, reached: int | None, today: int) -> int:
    return sum(sweeper.step(reached, today) for _ in range(20))


@pytest.fixture
def store() -> PartitionStore:
    return PartitionStore(MemoryBackend())


@pytest.fixture
def forgetting() -> Forgetting:
    return Forgetting(RETENTION)


@pytest.fixture
def sweeper(store: PartitionStore, forgetting: Forgetting) -> StateTtl:
    return StateTtl(0, store, forgetting, Closing(Engine(Catalogue(load_policy()), store), _nothing))


def _nothing(result: Result) -> None:
    assert not result.alerts


FAR = OLD + 10_000


def test_only_vehicles_without_recent_documents_go(store: PartitionStore, sweeper: StateTtl):
    _add(store, "OLD")
    _add(store, "YOUNG", OLD + 1)

    assert _swept(sweeper, None, FAR) == 0
    assert _swept(sweeper, OLD + RETENTION, FAR) == 0, "exactly as old as is kept"
    assert _swept(sweeper, OLD + RETENTION + EVERY_DAYS - 1, FAR) == 0, "not time for another sweep"
    assert set(store.vins()) == {"OLD", "YOUNG"}
    assert _swept(sweeper, OLD + RETENTION + EVERY_DAYS, FAR) == 2


def test_no_sweep_begins_while_all_vehicles_have_come_too_lately(
    store: PartitionStore, sweeper: StateTtl, monkeypatch: pytest.MonkeyPatch
):
    _add(store, "V", received_on=FAR)
    for number in range(SLICE):  # forgotten long ago, but for their revisions
        store.put(f"F{number}", records.encode(VehicleRecord(first_revision=1)))
    assert _swept(sweeper, OLD + RETENTION + EVERY_DAYS, FAR) == 0
    monkeypatch.setattr(sweeper, "_look_at", None)
    assert _swept(sweeper, FAR, FAR) == 0
    assert _swept(sweeper, FAR + EVERY_DAYS, FAR + RETENTION) == 0
    monkeypatch.undo()  # nothing had been there for as long as is kept
    assert _swept(sweeper, FAR + EVERY_DAYS, FAR + RETENTION + 1) == 1


def test_a_vehicle_that_waits_for_a_document_keeps_sweeps_coming(
    store: PartitionStore, sweeper: StateTtl
):
    _add(store, "V")
    _add(store, "W", received_on=FAR)
    assert sweeper.step(OLD + RETENTION + EVERY_DAYS, FAR, {"V"}) == 0
    assert _swept(sweeper, OLD + RETENTION + 2 * EVERY_DAYS, FAR) == 1, "it was a duplicate"


def test_no_sweep_goes_past_the_wall_clock(store: PartitionStore, sweeper: StateTtl):
    _add(store, "V")
    assert _swept(sweeper, FAR, OLD + RETENTION) == 0


def test_what_came_lately_stays_however_old_its_documents_are(store: PartitionStore, sweeper: StateTtl):
    _add(store, "BACKFILLED", received_on=FAR - 1)
    assert _swept(sweeper, FAR, FAR) == 0


def test_nothing_goes_before_the_watermarks_of_all_are_known(
    store: PartitionStore, sweeper: StateTtl, forgetting: Forgetting
):
    _add(store, "V")
    forgetting.watermarks_known = False
    assert _swept(sweeper, FAR, FAR) == 0
    forgetting.watermarks_known = True
    assert _swept(sweeper, FAR, FAR) == 1


def test_many_at_once_wait_for_a_persons_word(
    store: PartitionStore, sweeper: StateTtl, forgetting: Forgetting
):
    for number in range(SLICE + 10):
        _add(store, f"V{number}")
    before = FAR - RETENTION
    assert _swept(sweeper, FAR, FAR) == 0
    assert forgetting.held_back == {0: HeldBack(SLICE + 10, SLICE + 10, before)}
    forgetting.allowed_before = before - 1
    assert _swept(sweeper, FAR, FAR) == 0
    forgetting.allowed_before = before
    assert [sweeper.step(FAR, FAR) for _ in range(3)] == [SLICE, 10, 0]
    assert len(store) == 0
    assert forgetting.held_back == {}


def test_a_watermark_that_is_lowered_takes_the_question_back(
    store: PartitionStore, sweeper: StateTtl, forgetting: Forgetting
):
    for number in range(FEW + 1):
        _add(store, f"V{number}")
    assert _swept(sweeper, FAR, FAR) == 0
    assert forgetting.held_back
    assert _swept(sweeper, OLD, FAR) == 0
    assert not forgetting.held_back
    assert _swept(sweeper, FAR, FAR) == 0
    assert forgetting.held_back


# -- alerts over decades

REGISTRATIONS = NAMES.documents_of("registration")


def _vin(maker: str, number: int) -> str:
    """A VIN in order: of one that is not an alert stands, and it is never forgotten."""
    vin = f"{maker}AA4180S2{number:06d}"
    return vin[:8] + check_digit(vin) + vin[9:]


def _sale(vin: str, day: date, **fields: Any) -> Any:
    document = {
        "event_id": f"{vin}-{day}", "source": "s", "kind": "transfer", "event_type": "registration",
        "vin": vin, "occurred_at": day.isoformat(), "owner_id": f"o-{day}",
    } | fields  # fmt: skip
    return record(REGISTRATIONS, 0, vin, json.dumps(document).encode())


def _process(partition: OwnedPartition, day: date, *documents: Any) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    partition.around.clock = partition.engine._clock = lambda: now
    for document in documents:
        document.timestamp = int(now.timestamp() * 1000)
    partition.process(documents, Event())
    partition.judge()
    for _ in range(3):
        partition.forget_old()


async def test_what_is_said_of_a_vehicle_only_ever_grows_over_decades():
    """Two sales in a week, in the 1990s, in the 2000s …; some withdrawn long afterwards."""
    partition = make_partition(Catalogue(load_policy()))
    told: dict[str, dict[str, Any]] = {}
    day = date(1995, 1, 10)
    while day < date(2026, 1, 1):
        for number in range(3):
            vin = _vin("LSV", number)
            _process(partition, day, _sale(vin, day), _sale(vin, day + timedelta(days=2)))
            if number:  # all alerts of the second vehicle are resolved, and it is forgotten then
                gone = {"status": "void", "revision": 1}
                _process(partition, day, _sale(vin, day + timedelta(days=2), **gone))
        later = day + timedelta(days=2_000)
        for number in range(400):
            month = day + timedelta(days=5 * number)
            _process(partition, month, _sale(_vin(f"L{day.year % 100:02d}", number), month))
        first = _vin("LSV", 0)
        gone = {"status": "void", "revision": 1}
        _process(partition, later, _sale(first, day, **gone))
        day = later + timedelta(days=1)
    for alert in partition.around.observer.recent:
        known = told.get(alert.alert_id)
        assert known is None or alert.revision > known["revision"], "revisions only grow"
        told[alert.alert_id] = msgspec.to_builtins(alert)
    assert told
    assert {a["state"] for a in told.values() if a["detector"] == "double_sale"} == {"resolved"}
    assert len(partition.store) < 1_000, "others were forgotten"
    kept = records.decode(partition.store.get(_vin("LSV", 1)) or b"")
    assert kept.first_revision or kept.filed


async def test_what_is_said_of_documents_alone_is_closed_with_them_and_keeps_no_vehicle():
    """Numbers that can be no VIN: as long as such an alert kept its vehicle, they stayed for ever."""
    partition = make_partition(Catalogue(load_policy()))
    first, later = date(2015, 1, 10), date(2021, 1, 10)
    wrong = [f"LSVOI{number:012d}" for number in range(5)]
    for vin in wrong:
        _process(partition, first, _sale(vin, first))
    kept = _vin("LSV", 1)  # sold twice in a week: that stands
    _process(partition, first, _sale(kept, first), _sale(kept, first + timedelta(days=2)))
    assert {a.detector for a in _told(partition)} == {"vin_quality", "double_sale"}
    before = max(alert.revision for alert in _told(partition))

    _process(partition, later, _sale(_vin("LSV", 2), later))
    for vin in wrong:
        record = records.decode(partition.store.get(vin) or b"")
        assert (record.filed, record.alerts) == ([], []), "but for the revision it is gone"
    assert len(records.decode(partition.store.get(kept) or b"").filed) == 2
    closed = [alert for alert in _told(partition) if alert.state == "resolved"]
    assert {(alert.detector, alert.subject) for alert in closed} == {("vin_quality", v) for v in wrong}
    assert {alert.cause for alert in closed} == {"deadline_passed"}

    _process(partition, later, _sale(wrong[0], later))
    again = _told(partition)[-1]
    assert (again.subject, again.state) == (wrong[0], "firing")
    assert again.revision > max(alert.revision for alert in closed) > before - 1


def _told(partition: OwnedPartition) -> list[Any]:
    return list(partition.around.observer.recent)
