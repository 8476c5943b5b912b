"""Documents are read as they come and judged together, once a transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from detectors.registry import Catalogue
from detectors.vin import check_digit
from streams.kafka.dead_letters import PREFIX
from streams.kafka.transaction_buffer import TransactionBuffer
from streams.service.intake import Intake
from streams.service.owned_partition import OwnedPartition
from streams.setup.policy import load_policy
from tests.service.partitions import NAMES, Event, make_partition, record

REGISTRATIONS = NAMES.documents_of("registration")
EXPORTS = NAMES.documents_of("customs_export")
VIN = "LGXCE6CB0SK100074"
OTHER = "LB3CE6CB9SK100111"
OUTCOMES = ("accepted", "duplicate", "stale", "dead_lettered")


@pytest.fixture
async def partition() -> OwnedPartition:
    return make_partition(Catalogue(load_policy()))


def _sale(day: str, vin: str = VIN, **fields: Any) -> SimpleNamespace:
    document = {"event_id": f"sale-{day}", "source": "cn-vehicle-register", "kind": "transfer",
                "event_type": "registration", "vin": vin,
                "occurred_at": day, "owner_id": f"o-{day}"}  # fmt: skip
    return record(REGISTRATIONS, int(day[-2:]), vin, json.dumps(document | fields).encode())


def _export(day: str, vin: str = VIN) -> SimpleNamespace:
    document = {"event_id": f"export-{day}", "source": "cn-customs", "event_type": "customs_export",
             "declaration_no": day, "vin": vin, "occurred_at": day, "exporter_id": "x",
             "destination": "AE", "condition": "used", "odometer_km": 9000}  # fmt: skip
    return record(EXPORTS, int(day[-2:]), vin, json.dumps(document).encode())


def _told(partition: OwnedPartition) -> list[tuple[str, str]]:
    return [(alert.detector, alert.state) for alert in partition.around.observer.recent]


def _counted(partition: OwnedPartition, name: str, **labels: str) -> float | None:
    return partition.around.metrics.registry.get_sample_value(name, labels)


async def test_the_documents_of_a_vehicle_are_judged_once_whatever_topic_they_came_by(
    partition: OwnedPartition,
):
    partition.process([_sale("2025-03-01")], Event())
    partition.process([_sale("2025-03-04")], Event())
    partition.process([_export("2025-03-20")], Event())
    assert _told(partition) == []
    assert partition.engine.history(VIN) is None, "they wait for the transaction"

    partition.judge()

    changes = [alert for alert in partition.around.observer.recent if alert.detector == "double_sale"]
    assert [(alert.state, alert.revision) for alert in changes] == [("firing", 0)]
    assert partition.engine.history(VIN).documents[-1].event_type == "customs_export"
    assert _counted(partition, "zeromile_batch_documents_count") == 1
    assert _counted(partition, "zeromile_batch_documents_sum") == 3


@pytest.mark.parametrize("meanwhile", [OwnedPartition.catch_up, OwnedPartition.judge_stored])
async def test_no_deadline_passes_over_documents_that_came(
    partition: OwnedPartition, meanwhile: Callable[[OwnedPartition], None]
):
    """The export was declared: it lies in the intake when the feed is complete beyond the deadline."""
    partition.process([_sale("2025-03-01", kind="pending_export")], Event())
    partition.judge()
    partition.process([_export("2025-04-20")], Event())
    partition.process([_export("2025-05-20", OTHER[:8] + check_digit(OTHER) + OTHER[9:])], Event())

    partition.adopt()  # and the vehicle is among those to judge again
    meanwhile(partition)
    partition.judge()

    assert ("export_not_declared", "firing") not in _told(partition)


async def test_looking_for_deadlines_leaves_documents_to_their_transaction(partition: OwnedPartition):
    partition.process([_sale("2025-03-01")], Event())

    partition.catch_up()

    assert partition.engine.history(VIN) is None


async def test_a_deadline_is_met_where_no_document_waits(partition: OwnedPartition):
    partition.process([_sale("2025-03-01", kind="pending_export")], Event())
    partition.judge()
    partition.engine.watermarks.reach("customs_export", "cn-customs", 739396)  # 2025-05-25

    partition.catch_up()

    assert _told(partition) == [("export_not_declared", "firing")]


async def test_what_became_of_documents_is_counted_by_their_type(partition: OwnedPartition):
    amended = _sale("2025-03-01", revision=2)
    partition.process([amended, amended, _sale("2025-03-01", revision=1), _sale("2025-03-04")], Event())
    partition.process([_export("2025-03-20"), _export("2025-03-20")], Event())
    partition.process([record(EXPORTS, 7, VIN, b"{")], Event())
    partition.judge()

    def counted(event_type: str) -> dict[str, float]:
        labels = [{"event_type": event_type, "outcome": outcome} for outcome in OUTCOMES]
        counts = [_counted(partition, "zeromile_documents_total", **label) for label in labels]
        return {outcome: count for outcome, count in zip(OUTCOMES, counts, strict=True) if count}

    assert counted("registration") == {"accepted": 2, "duplicate": 1, "stale": 1}
    assert counted("customs_export") == {"accepted": 1, "duplicate": 1, "dead_lettered": 1}
    assert counted("deregistration") == {}


async def test_refused_documents_keep_their_bytes_and_place_and_go_once(partition: OwnedPartition):
    """Two batches before one judgement, with the same offset in two topics."""
    outbox = TransactionBuffer()
    intake = Intake(partition.engine, outbox, NAMES, partition.around.observer)
    intake.receive([record(REGISTRATIONS, 7, VIN, b"{"), _sale("2025-03-01")])
    intake.receive([record(EXPORTS, 7, VIN, b"["), record(EXPORTS, 8, VIN, b"]")])
    result = intake.judge()

    ((where, letters),) = outbox.take().items()
    assert where.topic == NAMES.dead_letters
    assert [value for _, value, _ in letters] == [b"{", b"[", b"]"]
    sources = [
        (dict(headers)[PREFIX + "original.topic"], dict(headers)[PREFIX + "original.offset"])
        for _, _, headers in letters
    ]
    assert sources == [
        (REGISTRATIONS.encode(), b"7"),
        (EXPORTS.encode(), b"7"),
        (EXPORTS.encode(), b"8"),
    ]
    assert result.dead_letters == []


async def test_a_vehicle_of_which_a_document_waits_is_not_forgotten(partition: OwnedPartition):
    now = datetime(2018, 3, 2, tzinfo=UTC)
    partition.around.clock = partition.engine._clock = lambda: now
    partition.process([_sale("2018-03-01"), _export("2018-03-01", OTHER)], Event())
    partition.judge()
    now = datetime(2025, 3, 4, tzinfo=UTC)
    partition.process([_sale("2025-03-04"), _export("2025-03-04", "LSVANOTHER0000002")], Event())

    for _ in range(2):
        partition.forget_old()
    assert set(partition.store.vins()) == {VIN}, "the other one is old"

    partition.judge()
    assert len(partition.engine.history(VIN).documents) == 2


async def test_a_backfill_of_old_years_beside_new_documents_forgets_nothing(partition: OwnedPartition):
    partition.process([_sale("2025-03-04", vin=OTHER)], Event())
    partition.judge()
    for number in range(100):
        partition.process([_sale("2018-03-01", vin=f"LSVTEST00{number:08d}")], Event())
        partition.judge()
    for _ in range(5):
        partition.forget_old()
    assert len(partition.store) == 101


@pytest.mark.parametrize(("written_ms", "vehicles", "found"), [
    (1_743_000_000_000, {VIN, OTHER}, set()),  # 2025-03-26
    # The day of the wall clock, by which the deadline has passed indeed.
    (0, {VIN, OTHER}, {"export_not_declared"}),
    (-1, {VIN, OTHER}, {"export_not_declared"}),
    (4_100_000_000_000, {VIN, OTHER}, {"export_not_declared"}),  # 2099
])  # fmt: skip
async def test_a_mistyped_year_forgets_no_vehicle_and_meets_no_deadline(
    partition: OwnedPartition, written_ms: int, vehicles: set[str], found: set[str]
):
    """One export dated 2095, and no word of when it was recorded but that of the broker."""
    partition.process([_sale("2025-03-01", kind="pending_export")], Event())
    partition.judge()
    mistyped = _export("2095-03-20", OTHER)
    mistyped.timestamp = written_ms
    partition.process([mistyped], Event())
    partition.judge()
    assert {name for name, _ in _told(partition)} & {"export_not_declared"} == found

    partition.forget_old()

    assert set(partition.store.vins()) == vehicles
