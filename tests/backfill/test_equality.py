"""The backfill says what the engine says, to the byte."""

import datetime
import gzip
import json
import os
import random
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from detectors.decoding import decode
from detectors.history import VehicleHistory
from detectors.identities import IdentityKey
from detectors.policy import Policy
from detectors.registry import DECLARED, EVERY_SCREEN, Catalogue
from detectors.summaries import Summary
from streams.backfill.backfill import Backfill
from streams.backfill.columns import Originals
from streams.feeds.reading import STANDARD_INPUT
from streams.models.choice import DEFAULT, choose_model
from streams.setup.policy import load_policy
from tests.backfill.runs import Outcome, assert_same, assert_unvisited_same, by_backfill, by_engine
from tests.fixtures.loading import KINDS, NAMES, stream
from tests.property.documents import document, encode
from tests.simulated import record_country

AIRCRAFT = Path(__file__).parents[3] / "shared" / "data" / "aircraft_sales.jsonl.gz"
COMPLETE_THROUGH = datetime.date(2027, 1, 31).toordinal()


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Amendments, voids, duplicates, corrected VINs and broken lines."""
    return record_country(
        tmp_path_factory.mktemp("country") / "country.jsonl.gz", vehicles=3_000, seed=7
    )


@pytest.fixture(scope="module")
def engine(country: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("engine")
    return by_engine(folder, [country], complete_through=COMPLETE_THROUGH)


@pytest.mark.parametrize(
    "means",
    [
        {"processes": 1},
        {"processes": 2, "chunk": 100_000, "rows": 500},
        {"chunk": 1_000, "rows": 1},
        {"chunk": 7_000, "rows": 7},
        {"rows": 10_000, "screened": False},
    ],
    ids=str,
)
def test_a_country(country: Path, engine: Outcome, tmp_path: Path, means: dict[str, Any]):
    counters = engine.counters
    assert min(counters.duplicate, counters.stale, counters.vin_corrections) > 0
    assert counters.dead_lettered.total() > 0
    assert engine.final
    backfill = by_backfill(tmp_path, [country], complete_through=COMPLETE_THROUGH, **means)
    assert_same(backfill, engine)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_shuffled_duplicated_and_cut_into_files(tmp_path: Path, seed: int):
    country = record_country(tmp_path / "country.jsonl", vehicles=600, seed=seed)
    lines = country.read_bytes().splitlines()
    dice = random.Random(seed)
    lines += dice.sample(lines, len(lines) // 5)
    dice.shuffle(lines)
    files = []
    for number in range(9):
        path = tmp_path / f"{number}.jsonl"
        text = b"\r\n\n".join(lines[number::9])
        path.write_bytes(gzip.compress(text) if number % 2 else text)
        files.append(path)
    whole = tmp_path / "whole.jsonl"
    whole.write_bytes(b"\n".join(line for number in range(9) for line in lines[number::9]))
    one = by_engine(tmp_path / "engine", [whole])
    other = by_backfill(tmp_path / "backfill", files, chunk=5_000)
    other.letters = one.letters  # their files and lines are others
    assert_same(other, one)
    assert_unvisited_same(tmp_path / "unvisited", [whole], one)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_every_fixture(tmp_path: Path, name: str, kind: Any):
    source = stream(name, kind)
    path = tmp_path / "stream.jsonl"
    path.write_bytes(b"\n".join(source.lines))
    how = {"complete_through": source.complete_through}
    one = by_engine(tmp_path / "engine", [path], **how)
    assert_same(by_backfill(tmp_path / "backfill", [path], **how), one)


@pytest.mark.parametrize("seed", range(4))
def test_few_identities_that_contradict_each_other(tmp_path: Path, seed: int):
    dice = random.Random(seed)
    path = tmp_path / "stream.jsonl"
    entries = [document(dice.getrandbits(32)) for _ in range(1_500)]
    for entry in entries:
        entry["vin"] = f"LSVAU2180N21832{dice.randint(0, 9):02}"
        entry["event_id"] += str(dice.randint(0, 60))
    path.write_bytes(b"\n".join(map(encode, entries)))
    one = by_engine(tmp_path / "engine", [path])
    assert min(one.counters.stale, one.counters.vin_corrections) > 0
    assert_same(by_backfill(tmp_path / "backfill", [path], rows=50), one)
    assert_unvisited_same(tmp_path / "unvisited", [path], one)


@pytest.mark.parametrize("seed", range(4))
def test_revisions_that_come_in_any_order(tmp_path: Path, seed: int):
    """Most vehicles of theirs are counted and never opened."""
    dice = random.Random(seed)
    path = tmp_path / "stream.jsonl"
    lines = [
        _document(
            f"LSVAU2180N21{number:05}", dice.randint(0, 3), f"e{dice.randint(0, 1)}", status=status
        )
        for number in range(300)
        for status in dice.choices(("valid", "valid", "void"), k=dice.randint(1, 6))
    ]
    dice.shuffle(lines)
    path.write_bytes(b"\n".join(lines))
    one = by_engine(tmp_path / "engine", [path])
    assert min(one.counters.stale, one.counters.duplicate) > 0
    assert_unvisited_same(tmp_path / "unvisited", [path], one)


def _document(vin: str, revision: int = 0, event_id: str = "e", **fields: Any) -> bytes:
    entry = {
        "event_type": "registration",
        "event_id": event_id,
        "source": "reg",
        "vin": vin,
        "occurred_at": "2026-01-05",
        "kind": "initial",
        "revision": revision,
    }
    return json.dumps(entry | fields).encode()


ONE, OTHER, THIRD = "LSVAU2180N2183294", "LSVAU2180N2183290", "LSVAU2180N2183295"
HARD = [
    _document(ONE), _document(OTHER, 1), _document(ONE, 2),  # there and back
    _document(ONE, 1, "late"), _document(OTHER, 0, "late"),  # the older side comes last
    _document(ONE, 0, "refused"), _document(OTHER, 1, "refused", kind="gift"),
    _document(ONE, 1, "first", status="void"), _document(ONE, 0, "first"),  # the void comes first
    _document(ONE, 0, " padded "), _document(OTHER.lower(), 1, "padded"),
    _document("ＬＳＶＡＵ２１８０Ｎ２１８３２９０", 1, "ｗｉｄｅ"),
    _document(THIRD, 0, "both", price_cny=1.005), _document(THIRD, 0, "both", price_cny=0.125),
    _document("LSVAU2180N2180001", 0, "half fen", price_cny=0.125, province="CN-GD"),
    _document("LSVAU2180N2180002", 0, "evening", price_cny=2.675, occurred_at="2025-12-31T17:00:00Z"),
    _document("LSVAU2180N2180003", 0, "a", province="CN-GD", occurred_at="2026-01-05T09:00:00+08:00"),
    _document("LSVAU2180N2180003", 0, "b", province="CN-GD", owner_id="p", occurred_at="2026-01-05"),
    _document("0" * 17), _document("00000000000000000", 1), _document(ONE, 2), _document("N/A", 0, "n"),
    _document("WVGZZZCT3T***********", 0, "masked"), _document("WVGZZZCT3T***********", 0, "masked"),
    _document("LSVAU2180N2180004", 0, "bad", province="nowhere", fuel="coal", owner_type="king"),
    b"{}", b"x", b"\xff", b"[" * 100_000, b'{"vin":1}', b'{"vin":"\\ud800"}', b"  ", b"",
    b'{"vin":"' + b"A" * 1_100_000 + b'"}',
    _document(ONE, 0, "again"), _document(ONE, 0, "again"), _document(ONE, 0, "again"),
    *[_document("N999", 0, f"many{n}", kind="transfer", owner_id=str(n)) for n in range(70)],
    *[_document("N998", 0, f"full{n}", occurred_at=f"20{n:02}-01-01") for n in range(70)],
]  # fmt: skip


@pytest.mark.parametrize("chunk", [1, 300, 1_000_000])
def test_documents_that_are_hard_to_place(tmp_path: Path, chunk: int):
    path = tmp_path / "hard.jsonl"
    path.write_bytes(b"\n".join(HARD + HARD))
    one = by_engine(tmp_path / "one", [path])
    assert one.counters.vin_corrections >= 4
    assert one.counters.dead_lettered.total() == 16
    assert_same(by_backfill(tmp_path / "two", [path], chunk=chunk, rows=3), one)


def test_an_identity_key(country: Path, tmp_path: Path):
    key = IdentityKey("a secret of some length")
    one = by_engine(tmp_path / "one", [country], read=key.decode)
    two = by_backfill(tmp_path / "two", [country], read=key.decode, processes=2, chunk=200_000)
    assert_same(two, one)


def test_a_model(country: Path, engine: Outcome, tmp_path: Path):
    catalogue = Catalogue(load_policy(), choose_model(DEFAULT))
    one = by_engine(tmp_path / "one", [country], catalogue=catalogue)
    assert b"unusual_" in one.final
    two = by_backfill(
        tmp_path / "two", [country], catalogue=catalogue, processes=2, chunk=200_000, rows=2_000
    )
    assert_same(two, one)


def test_detectors_that_are_switched_off(country: Path, tmp_path: Path):
    tables = {name: dict(section) for name, section in load_policy().tables.items()}
    for name, section in tables.items():
        if name in DECLARED and name != "flash_registration":
            section["enabled"] = False
    catalogue = Catalogue(Policy(tables, DECLARED))
    one = by_engine(tmp_path / "one", [country], catalogue=catalogue)
    assert b"flash_registration" in one.final
    assert b"double_sale" not in one.final
    assert_same(by_backfill(tmp_path / "two", [country], catalogue=catalogue), one)


def test_standard_input(
    country: Path, engine: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    how = {"complete_through": COMPLETE_THROUGH}
    with country.open("rb") as recorded:
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=recorded))
        two = by_backfill(tmp_path, [STANDARD_INPUT], chunk=50_000, **how)
    two.letters = engine.letters  # they say where a line was read
    assert_same(two, engine)


def test_the_real_register_of_aircraft(tmp_path: Path):
    if not AIRCRAFT.is_file():
        assert not os.environ.get("CI"), f"{AIRCRAFT} has to be there in CI"
        pytest.skip(f"{AIRCRAFT} is not there: the real register is NOT tested")
    one = by_engine(tmp_path / "one", [AIRCRAFT])
    assert_same(by_backfill(tmp_path / "two", [AIRCRAFT], chunk=1_000_000), one)


def test_nothing_to_read(tmp_path: Path):
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"\n \n")
    one = by_engine(tmp_path / "one", [empty])
    assert_same(by_backfill(tmp_path / "two", [empty], processes=2), one)


def test_most_vehicles_stay_closed(tmp_path: Path):
    """A screen that lets everything through would make every test above pass."""
    country = record_country(tmp_path / "country.jsonl", vehicles=1_000, seed=1)
    with Backfill(Catalogue(load_policy()), told=True) as job:
        job.run([country])
    [selection] = job.selected
    assert selection.opened < 0.6 * selection.vehicles
    assert selection.passed["vin_quality"] < 0.05 * selection.vehicles


def test_a_vehicle_is_handed_over_with_the_screens_that_it_passes(country: Path):
    catalogue = Catalogue(load_policy())
    most = catalogue.policy.history.maximum_documents
    handed: list[int] = []
    with Backfill(catalogue) as job:
        ledger = job.read([country])
        for task in job._tasks(ledger, None, None):
            rows = pa.ipc.open_stream(task.rows).read_all().to_pylist()
            for vin, alike in groupby(rows, itemgetter("vin")):
                published = {row["original"]: row["passed"] for row in alike}
                [passed] = set(published.values())
                handed.append(passed)
                assert vin not in task.withdrawn or passed == EVERY_SCREEN
                documents = list(map(Originals(decode).read, published))
                summary = Summary.of(vin, documents, most)
                told = [rule.passes(summary) << bit for bit, rule in enumerate(catalogue.screened)]
                assert passed in {EVERY_SCREEN, sum(told)}, summary
    assert len(set(handed)) > len(catalogue.screened)
    assert 0 < handed.count(EVERY_SCREEN) < len(handed) / 10


def test_a_rule_whose_screen_is_closed_is_not_asked():
    catalogue = Catalogue(load_policy())
    [bit] = [place for place, rule in enumerate(catalogue.screened) if rule.spec.id == "double_sale"]
    sold = _document(ONE, owner_id="one"), _document(ONE, 0, "b", kind="transfer", owner_id="other")
    history = VehicleHistory.of(ONE, list(map(decode, sold)))
    asked, closed = catalogue.judge([history] * 2, [EVERY_SCREEN, EVERY_SCREEN & ~(1 << bit)])
    assert "double_sale" in {one.detector for one in asked.findings}
    assert [one for one in asked.findings if one.detector != "double_sale"] == closed.findings
