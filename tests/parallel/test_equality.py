"""However many processes judge, what comes out is the same to the byte."""

import datetime
import json
import os
from pathlib import Path

import pytest

from detectors.decoding import decode
from detectors.errors import DocumentError
from detectors.registry import Catalogue
from streams.backfill.replay import Replay
from streams.parallel import Judge, ParallelReplay
from streams.parallel.routing import owner_of, read_document
from streams.setup.policy import load_policy
from streams.state import disk_store
from tests.parallel.runs import assert_same, on_one, on_several
from tests.simulated import record_country

AIRCRAFT = Path(__file__).parents[3] / "shared" / "data" / "aircraft_sales.jsonl.gz"
COMPLETE_THROUGH = datetime.date(2027, 1, 31).toordinal()
BATCH = 700


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    """Amendments, voids, duplicates, corrected VINs and broken lines."""
    out = tmp_path_factory.mktemp("country") / "country.jsonl.gz"
    return record_country(out, vehicles=4_000, seed=7)


@pytest.fixture(scope="module")
def judged_by_one(country, tmp_path_factory):
    folder = tmp_path_factory.mktemp("one")
    return on_one(folder, [country], complete_through=COMPLETE_THROUGH, batch=BATCH)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_country(country, judged_by_one, tmp_path, workers):
    counters = judged_by_one.counters
    assert min(counters.duplicate, counters.stale, counters.vin_corrections) > 0
    assert counters.dead_lettered.total() > 0
    causes = {json.loads(change)["cause"] for change in judged_by_one.changes}
    assert causes >= {"new_evidence", "amended", "deadline_passed"}
    several = on_several(tmp_path, [country], workers, complete_through=COMPLETE_THROUGH, batch=BATCH)
    assert_same(several, judged_by_one)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_country_that_is_judged_at_the_end(country, judged_by_one, tmp_path, workers):
    how = {"complete_through": COMPLETE_THROUGH, "on_the_way": False}
    one = on_one(tmp_path / "one", [country], **how)
    assert_same(on_several(tmp_path / "several", [country], workers, **how), one)
    assert one.changed == len(one.final.splitlines()) < judged_by_one.changed
    assert one.counters == judged_by_one.counters
    assert_same(on_several(tmp_path / "disk", [country], workers, tmp_path / "state", **how), one)


def test_how_far_judging_has_come_is_told(country, judged_by_one):
    told: list[int] = []
    total = judged_by_one.vehicles

    def judging(vehicles):
        assert vehicles == total
        return told.append

    Replay(Catalogue(load_policy())).run([country], judging=judging)
    assert sum(told) == total
    with ParallelReplay(Judge(), 2) as job:
        job.run([country], judging=judging)
    assert sum(told) == 2 * total


@pytest.mark.parametrize("workers", [1, 2])
def test_vehicles_and_alerts_on_disk(country, judged_by_one, tmp_path, workers, monkeypatch):
    monkeypatch.setattr(disk_store, "_AT_ONCE", 50)  # this process keeps the alerts
    disk = tmp_path / "disk"
    how = {"complete_through": COMPLETE_THROUGH, "batch": BATCH}
    several = on_several(tmp_path, [country], workers, disk, **how)
    assert_same(several, judged_by_one)
    assert {path.name for path in disk.iterdir()} == {
        "alerts",
        *(f"vehicles-{number}" for number in range(1, workers + 1)),
    }


def test_the_order_of_alert_changes_is_the_same_in_every_run(country, judged_by_one, tmp_path):
    first, second = (on_several(tmp_path / name, [country], 2, batch=BATCH).changes for name in "ab")
    assert first == second
    assert first != on_several(tmp_path / "c", [country], 3, batch=BATCH).changes


def _document(vin, revision=0, event_id="e", source="reg", **fields):
    entry = {
        "event_type": "registration",
        "event_id": event_id,
        "source": source,
        "vin": vin,
        "occurred_at": "2026-01-05",
        "kind": "initial",
        "revision": revision,
    }
    return json.dumps(entry | fields).encode()


ONE, OTHER, THIRD = "LSVAU2180N2183294", "LSVAU2180N2183290", "LSVAU2180N2183295"
MOVES = [
    _document(ONE), _document(OTHER, 1), _document(ONE, 2),  # there and back
    _document(ONE, 1, "late"), _document(OTHER, 0, "late"),  # the older side comes last
    _document(ONE, 0, "refused"), _document(OTHER, 1, "refused", kind="gift"),  # the move is refused
    _document(ONE, 0, "void"), _document(OTHER, 1, "void", status="void"),  # withdrawn by the source
    _document(ONE, 0, " padded "), _document(OTHER.lower(), 1, "padded"),
    _document(ONE, 0, "wide", "车管所"),
    _document("ＬＳＶＡＵ２１８０Ｎ２１８３２９０", 1, "ｗｉｄｅ", "车管所"),
    _document(ONE, 0, "both"), _document(THIRD, 0, "both"), _document(OTHER, 1, "both"),
    b"{}", b"x", b"\xff", b"[" * 100_000, b'{"vin":1}', b'{"vin":"\\ud800"}',
    _document(ONE, 0, "again"), _document(ONE, 0, "again"),
    _document(OTHER, 1, "again"), _document(ONE, 0, "again"),
]  # fmt: skip


@pytest.mark.parametrize(
    "how", [{"batch": 1}, {"batch": 4}, {"batch": 5_000}, {"on_the_way": False}], ids=str
)
def test_documents_that_move_between_workers(tmp_path, how):
    assert len({owner_of(vin, 2) for vin in (ONE, OTHER)}) == 2
    stream = tmp_path / "moves.jsonl"
    stream.write_bytes(b"\n".join(MOVES))
    one = on_one(tmp_path / "one", [stream, stream], **how)
    assert one.counters.vin_corrections >= 8
    assert_same(on_several(tmp_path / "two", [stream, stream], 2, **how), one)


def test_what_the_coordinator_reads_is_what_the_workers_accept():
    accepted = 0
    for line in MOVES:
        try:
            document = decode(line)
        except DocumentError:
            continue
        entry = read_document(line)
        assert entry is not None
        assert (entry.vin, entry.source, entry.event_id, entry.revision, entry.status) == (
            document.vin,
            document.source,
            document.event_id,
            document.revision,
            document.status,
        )
        accepted += 1
    assert accepted >= 15


def test_the_real_register_of_aircraft(tmp_path):
    if not AIRCRAFT.is_file():
        assert not os.environ.get("CI"), f"{AIRCRAFT} has to be there in CI"
        pytest.skip(f"{AIRCRAFT} is not there: the real register is NOT tested")
    assert_same(on_several(tmp_path / "two", [AIRCRAFT], 2), on_one(tmp_path / "one", [AIRCRAFT]))


@pytest.mark.parametrize("on_the_way", [True, False])
def test_nothing_to_read(tmp_path, on_the_way):
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"\n \n")
    one = on_one(tmp_path / "one", [empty], on_the_way=on_the_way)
    assert_same(on_several(tmp_path / "two", [empty], 2, on_the_way=on_the_way), one)
