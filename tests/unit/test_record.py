"""Records of vehicles outlive the program that wrote them."""

import base64
import json

import msgspec
import pytest

from detectors.registry import Catalogue
from streams.engine.engine import Engine
from streams.engine.results import RawDocument
from streams.setup.policy import load_policy
from streams.state import record as records
from streams.state.store import MemoryStore

VIN = "LGXCE6CB0SK100074"
PENDING_EXPORT = {
    "event_id": "2",
    "source": "r",
    "event_type": "registration",
    "vin": VIN,
    "occurred_at": "2025-03-04",
    "kind": "pending_export",
    "owner_id": "b",
}
COMPLETE = 740_000
IN_FIRST_LAYOUT = base64.b64decode(
    b"lgGRk9wAGAGhMqFysUxHWENFNkNCMFNLMTAwMDc0zgALR/LAwMAApXZhbGlkrnBlbmRpbmdfZXhwb3J0wKFiwMDAwM"
    b"DAwMDAwMDAwpGT2SBmZTY4ZTA4MTUzOTA3YTY5N2FkMjFiOWU4ZDMzMTQ2MwCKqGRldGVjdG9ys2V4cG9ydF9ub3Rf"
    b"ZGVjbGFyZWSmYW5jaG9yo3IvMqtvY2N1cnJlZF9hdKoyMDI1LTAzLTA0qHNldmVyaXR5pm1lZGl1baVzY29yZcs/1h"
    b"R64UeuFKVmYWN0c4OoZW5kb3JzZWSqMjAyNS0wMy0wNKhsYXN0X2RheaoyMDI1LTA1LTAzrG1heGltdW1fZGF5czyo"
    b"ZXZpZGVuY2WRhaZzb3VyY2WhcqhldmVudF9pZKEyqHJldmlzaW9uAKpldmVudF90eXBlrHJlZ2lzdHJhdGlvbqtvY2"
    b"N1cnJlZF9hdKoyMDI1LTAzLTA0pmxhYmVsc4CoZGVhZGxpbmWCpGZlZWSuY3VzdG9tc19leHBvcnSobGFzdF9kYXnO"
    b"AAtILqhtb2RlbF9pZMDCwAA="
)
"""The record of that vehicle, overdue at customs, as layout 1 had it."""


@pytest.fixture
def engine() -> Engine:
    engine = Engine(Catalogue(load_policy()), MemoryStore())
    engine.process([RawDocument(json.dumps(PENDING_EXPORT).encode())])
    engine.declare_complete(COMPLETE)
    return engine


def test_a_record_comes_back_as_it_was(engine):
    stored = engine.store.get(VIN)
    record = records.decode(stored)
    assert [alert.finding.detector for alert in record.alerts] == ["export_not_declared"]
    assert records.encode(record) == stored


def test_layout_1_is_read_and_nothing_is_told_twice(engine):
    assert engine.store.get(VIN) != IN_FIRST_LAYOUT
    now = msgspec.structs.replace(records.decode(engine.store.get(VIN)), received_on=0)
    assert records.decode(IN_FIRST_LAYOUT) == now, "it did not say when it was received"
    engine.store.put(VIN, IN_FIRST_LAYOUT)
    assert engine.rejudge([VIN]).alerts == []
    assert records.decode(engine.store.get(VIN)).layout == records.LAYOUT


def test_layout_1_is_rewritten_even_where_nothing_is_found():
    ordinary = Engine(Catalogue(load_policy()), MemoryStore())
    document = PENDING_EXPORT | {"kind": "initial"}
    result = ordinary.process([RawDocument(json.dumps(document).encode())])
    assert result.alerts == []
    now = ordinary.store.get(VIN)
    _, *rest = msgspec.msgpack.decode(now)
    ordinary.store.put(VIN, msgspec.msgpack.encode([1, *rest]))
    ordinary.rejudge([VIN])
    assert ordinary.store.get(VIN) == now


def test_a_later_layout_is_refused(engine):
    fields = msgspec.msgpack.decode(engine.store.get(VIN))
    later = msgspec.msgpack.encode([records.LAYOUT + 1, *fields[1:]])
    with pytest.raises(records.VehicleRecordError, match="layout 3; this program reads 2"):
        records.decode(later)


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x96\x01", b"{}", b"\x96\x01\x90\x91\x90\xc2\xc0\x00", b"\xff" * 40]
)
def test_what_is_no_record_is_refused(data):
    with pytest.raises(records.VehicleRecordError):
        records.decode(data)
