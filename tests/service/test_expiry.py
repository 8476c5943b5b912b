"""Vehicles are forgotten by event time, in slices, and only the old ones."""

from __future__ import annotations

import json

from detectors.decoding import decode
from detectors.filing import FiledDocument
from streams.service.partition_store import MemoryBackend, PartitionStore
from streams.service.state_ttl import EVERY_DAYS, SLICE, StateTtl
from streams.state import record as records
from streams.state.record import VehicleRecord

RETENTION = 1096


def _add(store: PartitionStore, vin: str, occurred_at: str) -> int:
    entry = {
        "event_id": "e", "source": "s", "event_type": "registration", "kind": "initial",
        "vin": vin, "occurred_at": occurred_at,
    }  # fmt: skip
    document = decode(json.dumps(entry).encode())
    store.put(vin, records.encode(VehicleRecord(filed=[FiledDocument(document)])))
    return document.day


def test_only_vehicles_without_recent_documents_go():
    store = PartitionStore(MemoryBackend())
    old = _add(store, "OLD", "2020-01-01")
    _add(store, "YOUNG", "2020-01-02")
    sweeper = StateTtl(store, RETENTION)

    assert sweeper.step(None) == 0
    assert sweeper.step(old + RETENTION) == 0, "exactly as old as is kept"
    assert sweeper.step(old + RETENTION + EVERY_DAYS - 1) == 0, "not time for another sweep"
    assert set(store.vins()) == {"OLD", "YOUNG"}
    assert sweeper.step(old + RETENTION + EVERY_DAYS) == 2


def test_a_sweep_goes_on_in_slices():
    store = PartitionStore(MemoryBackend())
    for number in range(SLICE + 10):
        day = _add(store, f"V{number}", "2020-01-01")
    sweeper = StateTtl(store, RETENTION)
    far = day + RETENTION + 1

    assert [sweeper.step(far), sweeper.step(far), sweeper.step(far)] == [SLICE, 10, 0]
    assert len(store) == 0
