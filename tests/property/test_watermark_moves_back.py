"""A source that shows up late takes back the deadlines that had passed without it."""

from itertools import permutations

import msgspec

from tests.property.runs import final_set, run


def _document(event_type: str, source: str, vin: str, day: str, **fields: str) -> bytes:
    document = {"event_type": event_type, "event_id": vin, "source": source, "vin": vin}
    return msgspec.json.encode({**document, "occurred_at": day, **fields})


def _export(source: str, vin: str, day: str) -> bytes:
    declared = {"declaration_no": vin, "exporter_id": "x", "destination": "AE", "condition": "new"}
    return _document("customs_export", source, vin, day, **declared)


PENDING = _document("registration", "reg", "CAR-V", "2026-02-01", kind="pending_export")
AHEAD = _export("customs-a", "CAR-A", "2026-05-01")
BEHIND = _export("customs-b", "CAR-B", "2026-03-25")


def _undeclared(stream: list[bytes]) -> set[str]:
    _, firing = run(stream, range(1, len(stream)))
    return {alert.subject for alert in firing.values() if alert.detector == "export_not_declared"}


def test_the_alert_is_withdrawn_when_a_source_lags_behind():
    assert _undeclared([PENDING, AHEAD]) == {"CAR-V"}
    for order in permutations([PENDING, AHEAD, BEHIND]):
        assert _undeclared(list(order)) == set(), order


def test_a_source_that_is_silent_for_long_holds_nothing_back():
    silent = _export("customs-b", "CAR-B", "2026-03-01")
    expected = final_set(run([PENDING, AHEAD, silent])[1])
    for order in permutations([PENDING, AHEAD, silent]):
        assert _undeclared(list(order)) == {"CAR-V"}, order
        assert final_set(run(list(order), range(1, 3))[1]) == expected
