"""The score card against a case worked out by hand.

The country has six listed vehicles, ten ordinary ones, two spikes and two unreadable lines:

====== ================= ============================ ======================= ==================
VIN    class             must fire                    fires at the end        so
====== ================= ============================ ======================= ==================
A      double_sale       double_sale, flash           double_sale             flash missed
B      double_sale       double_sale                  double_sale             right
C      double_sale       double_sale (document lost)     (nothing)               not counted
D      finance_lease     (nothing)                    double_sale             wrong
E      finance_lease     (nothing)                    (taken back)            withdrawn
F      lemon_return      (nothing), tolerates flash   flash, document_conflict the latter wrong
G      ordinary          (nothing)                    double_sale             wrong
====== ================= ============================ ======================= ==================
"""

import datetime
import io

import msgspec
import pytest
from rich.console import Console

from streams.evaluation import ObservedRun, read_truth, score
from streams.evaluation.observing import AlertChange
from streams.evaluation.tables import score_tables

START = datetime.date(2024, 3, 1)


def vehicle(vin, label, kind, *, expected=(), tolerated=(), complete=True):
    return {
        "record": "vehicle", "vin": vin, "label": label, "kind": kind, "province": "CN-GD",
        "registered_on": "2024-03-01", "documents_complete": complete, "expected": list(expected),
        "tolerated": list(tolerated),
        "missing": ["before_stream"] if complete else ["before_stream", "malformed"],
    }  # fmt: skip


def must(detector, provable_on="2024-03-05", visible_at="2024-03-07T10:00:00+08:00", missing=None):
    alert = {"detector": detector, "provable_on": provable_on, "complete": missing is None}
    return alert | ({"missing": missing} if missing else {"visible_at": visible_at})


def spike(number, province, first, last):
    return {
        "record": "spike", "spike": number, "province": province, "first_day": first,
        "last_day": last, "weeks": 2, "vehicles": 40, "expected_a_week": 3.0, "exporters": 2,
    }  # fmt: skip


LATE = must("double_sale", "2024-03-02", "2024-03-12T09:00:00+08:00")
LOST = must("double_sale", missing="malformed")
RUSH = {
    "record": "rush", "destination": "RU", "first_day": "2024-04-25", "last_day": "2024-05-01",
    "factor": 1.6,
}  # fmt: skip
RECORDS = [
    vehicle("A", "double_sale", "scheme", expected=[must("double_sale"), must("flash_registration")]),
    vehicle("B", "double_sale", "scheme", expected=[LATE]),
    vehicle("C", "double_sale", "scheme", expected=[LOST], complete=False),
    vehicle("D", "finance_lease", "look_alike", complete=False),
    vehicle("E", "finance_lease", "look_alike"),
    vehicle("F", "lemon_return", "look_alike", tolerated=["flash_registration"]),
    spike(0, "CN-GD", "2024-04-01", "2024-04-14"),
    spike(1, "CN-ZJ", "2024-04-01", "2024-04-14"),
    RUSH,
    {"record": "malformed", "line": 3, "reason": "not_json", "sent_again": True},
    {"record": "malformed", "line": 9, "reason": "missing_vin", "sent_again": False},
    {
        "record": "country", "seed": 1, "start": "2024-03-01", "days": 100, "vehicles": 16,
        "documents": 40, "malformed": 2, "ordinary_vehicles": 10, "export_share": 0.1,
        "by_label": {"ordinary": 10},
    },
]  # fmt: skip

# Alert id, VIN or province, detector, state, days after 1 March.
CHANGES = [
    ("a1", "A", "double_sale", "firing", 6),
    ("a2", "A", "double_sale", "firing", 9),
    ("b1", "B", "double_sale", "firing", 11),
    ("d1", "D", "double_sale", "firing", 20),
    ("e1", "E", "double_sale", "firing", 20),
    ("e1", "E", "double_sale", "resolved", 24),
    ("f1", "F", "flash_registration", "firing", 8),
    ("f2", "F", "document_conflict", "firing", 8),
    ("g1", "G", "double_sale", "firing", 30),
]
PROVINCES = [
    ("p1", "CN-GD", "2024-04-10"),
    ("p2", "CN-GD", "2024-04-17"),
    ("p3", "CN-SH", "2024-04-10"),
    ("p4", "CN", "2024-04-10"),
]


@pytest.fixture
def card(tmp_path):
    path = tmp_path / "truth.jsonl"
    path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in RECORDS))
    seen = ObservedRun(refused={3: "not_json", 5: "bad_vin"}, documents=40)
    for identity, vin, detector, state, days in CHANGES:
        change = AlertChange(identity, detector, "vehicle", vin, state, "2024-03-05")
        seen.take(change, START.toordinal() + days)
    for identity, province, day in PROVINCES:
        seen.take(
            AlertChange(identity, "spike", "province", province, "firing", day), START.toordinal() + 42
        )
    # An early word on the spike, taken back when p1 took its place.
    for state in ("firing", "resolved"):
        early = AlertChange("p0", "spike", "province", "CN-GD", state, "2024-04-01")
        seen.take(early, START.toordinal() + 38)
    return score(read_truth(path), seen)


def test_double_sale(card):
    row = next(row for row in card.detectors if row.detector == "double_sale")
    assert (row.expected, row.found, row.recall) == (2, 2, 1.0)
    assert (row.firing, row.right, row.wrong, row.precision) == (4, 2, 2, 0.5)
    assert (row.wrong_for_lost_documents, row.withdrawn, row.tolerated) == (1, 1, 0)
    # A: provable on the 5th, seen on the 7th (day 6): 2 days.
    # B: provable on the 2nd, seen on the 12th (day 11): 10 days.
    assert (row.since_provable.median, row.since_provable.p95) == (6.0, 9.6)
    # Both on the day on which the last document came.
    assert (row.since_visible.median, row.since_visible.p95) == (0.0, 0.0)


def test_flash_registration(card):
    row = next(row for row in card.detectors if row.detector == "flash_registration")
    assert (row.expected, row.found, row.recall) == (1, 0, 0.0)
    assert (row.firing, row.right, row.tolerated, row.wrong, row.precision) == (1, 0, 1, 0, None)
    assert row.since_provable is None


def test_document_conflict_is_only_wrong(card):
    row = next(row for row in card.detectors if row.detector == "document_conflict")
    assert (row.expected, row.recall, row.wrong, row.precision) == (0, None, 1, 0.0)


def test_the_scheme(card):
    (row,) = card.schemes
    assert (row.scheme, row.vehicles, row.provable, row.found, row.recall) == (
        "double_sale",
        3,
        2,
        2,
        1.0,
    )
    assert (row.expected_alerts, row.found_alerts, row.recall_alerts) == (3, 2, 0.666667)


def test_look_alikes(card):
    rows = {row.look_alike: row for row in card.look_alikes}
    assert set(rows) == {"finance_lease", "lemon_return", "ordinary"}
    lease = rows["finance_lease"]
    assert (lease.vehicles, lease.accused, lease.rate, lease.withdrawn) == (2, 1, 0.5, 1)
    assert (lease.accused_for_lost_documents, lease.by_detector) == (1, {"double_sale": 1})
    assert rows["lemon_return"].by_detector == {"document_conflict": 1}
    assert rows["lemon_return"].tolerated == 1
    assert (rows["ordinary"].vehicles, rows["ordinary"].rate) == (10, 0.1)


def test_what_is_missed_has_a_reason(card):
    assert [(row.reason, row.detector, row.examples) for row in card.missed] == [
        ("documents were there", "flash_registration", ("A",)),
        ("malformed", "double_sale", ("C",)),
    ]


def test_what_is_wrong_is_listed(card):
    assert [(row.detector, row.label, row.documents_lost, row.examples) for row in card.wrong] == [
        ("document_conflict", "lemon_return", False, ("F",)),
        ("double_sale", "finance_lease", True, ("D",)),
        ("double_sale", "ordinary", False, ("G",)),
    ]


def test_spikes(card):
    (row,) = card.spikes
    assert (row.spikes, row.found, row.recall) == (2, 1, 0.5)
    assert (row.alerts, row.wrong, row.precision) == (3, 1, 0.666667)
    assert row.days_to_detection.median == 7  # first said on 8 April, begun on the 1st
    assert row.outside == ("CN-SH 2024-04-10",)
    assert row.wrong_in_rush == 1  # cars are pulled forward into the three weeks before
    assert row.missed == ("CN-ZJ 2024-04-01",)


def test_refusals(card):
    refusals = card.refusals
    assert (refusals.malformed, refusals.refused, refusals.passed) == (2, 1, 1)
    assert refusals.refused_wrongly == 1
    assert refusals.by_reason == {"missing_vin": {"passed": 1}, "not_json": {"not_json": 1}}


def test_the_tables_show_it(card):
    console = Console(width=220, record=True, file=io.StringIO())
    for table in score_tables(card):
        console.print(table)
    shown = console.export_text()
    for words in (
        "66.67 %",
        "6 / 9.6",
        "CN-ZJ 2024-04-01",
        "passed 1",
        "documents were there",
        "some lost",
    ):
        assert words in shown


def test_counts(card):
    assert (card.documents, card.vehicles) == (40, 16)
