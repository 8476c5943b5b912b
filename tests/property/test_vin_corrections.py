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
        ([("A", 0), ("B", 1)], {"B"}),
        ([("A", 0), ("B", 1), ("A", 2)], {"A"}),
        ([("A", 0), ("B", 1), ("C", 2)], {"C"}),
        ([("A", 0), ("B", 1), ("A", 1)], {"A", "B"}),
        ([("A", 1), ("B", 1), ("C", 2)], {"C"}),
        ([("A", 0), ("B", 0), ("A", 1)], {"A"}),
        ([("A", 0), ("A", 1, "void"), ("B", 0)], {"B"}),
        ([("A", 0), ("A", 1, "void"), ("B", 1)], {"B"}),
        ([("A", 0), ("B", 1), ("B", 2, "void")], set()),
    ],
)
def test_the_highest_revision_stands_under_its_own_vin(entries, live):
    for order in permutations(entries):
        engine = make_engine()
        for document in raw([_document(*entry) for entry in order]):
            engine.process([document])
        histories = {vin: engine.history(vin) for vin in "ABC"}
        found = {vin for vin, history in histories.items() if history and history.documents}
        assert found == live, order
        assert engine.counters.accepted + engine.counters.duplicate + engine.counters.stale == len(
            entries
        )
