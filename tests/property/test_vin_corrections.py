"""Amendments that move a document to another VIN end in the same place whatever came first."""

from itertools import permutations

import msgspec
import pytest

from tests.property.runs import make_engine, raw


def _document(vin: str, revision: int, status: str = "valid") -> bytes:
    return msgspec.json.encode(
        {
            "event_type": "registration",
            "event_id": "e",
            "source": "reg",
            "vin": vin,
            "occurred_at": "2026-01-05",
            "kind": "initial",
            "revision": revision,
            "status": status,
        }
    )


@pytest.mark.parametrize(
    ("entries", "live"),
    [
        ([("CAR-A", 0), ("CAR-B", 1)], {"CAR-B"}),
        ([("CAR-A", 0), ("CAR-B", 1), ("CAR-A", 2)], {"CAR-A"}),
        ([("CAR-A", 0), ("CAR-B", 1), ("CAR-C", 2)], {"CAR-C"}),
        ([("CAR-A", 0), ("CAR-B", 1), ("CAR-A", 1)], {"CAR-A", "CAR-B"}),
        ([("CAR-A", 1), ("CAR-B", 1), ("CAR-C", 2)], {"CAR-C"}),
        ([("CAR-A", 0), ("CAR-B", 0), ("CAR-A", 1)], {"CAR-A"}),
        ([("CAR-A", 0), ("CAR-A", 1, "void"), ("CAR-B", 0)], {"CAR-B"}),
        ([("CAR-A", 0), ("CAR-A", 1, "void"), ("CAR-B", 1)], {"CAR-B"}),
        ([("CAR-A", 0), ("CAR-B", 1), ("CAR-B", 2, "void")], set()),
    ],
)
def test_the_highest_revision_stands_under_its_own_vin(entries, live):
    for order in permutations(entries):
        engine = make_engine()
        for document in raw([_document(*entry) for entry in order]):
            engine.process([document])
        histories = {vin: engine.history(vin) for vin in ("CAR-A", "CAR-B", "CAR-C")}
        found = {vin for vin, history in histories.items() if history and history.documents}
        assert found == live, order
        assert engine.counters.accepted + engine.counters.duplicate + engine.counters.stale == len(
            entries
        )
