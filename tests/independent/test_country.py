"""The second country keeps the contract, tells sensible lives, and knows no thresholds."""

from __future__ import annotations

import ast
import gzip
import math
from collections import Counter, defaultdict
from itertools import islice, pairwise
from pathlib import Path

import msgspec
import pytest

from detectors.decoding import decode
from detectors.documents import CustomsExport, Deregistration, Registration
from tests.independent.country import INNOCENT, SCHEMES, lots, write_country
from tests.independent.land import Country
from tests.independent.makes import with_check_digit
from tests.independent.operations import textbook
from tests.independent.ordinary import LIVES
from tests.independent.scheme_dates import slow_second_sale
from tests.independent.truth import read_truth

VEHICLES = 9_000
HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    folder = tmp_path_factory.mktemp("country")
    documents, truth = folder / "country.jsonl.gz", folder / "truth.csv"
    write_country(7, VEHICLES, documents, truth)
    return documents, truth


@pytest.fixture(scope="module")
def histories(country):
    """Documents in force of every vehicle, in order of days: highest revisions, void ones left out."""
    latest = {}
    with gzip.open(country[0]) as lines:
        for document in map(decode, lines):  # raises where a line breaks the contract
            key = document.vin, document.source, document.event_id
            if key not in latest or latest[key].revision <= document.revision:
                latest[key] = document
    found = defaultdict(list)
    for document in latest.values():
        if not document.is_void:
            found[document.vin].append(document)
    return {vin: sorted(documents, key=lambda one: one.day) for vin, documents in found.items()}


@pytest.fixture(scope="module")
def truth(country):
    return read_truth(country[1])


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path):
    written = []
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        files = tmp_path / f"{name}.gz", tmp_path / f"{name}.csv"
        write_country(seed, 600, *files)
        written.append([file.read_bytes() for file in files])
    assert written[0] == written[1]
    assert written[0] != written[2]


def test_every_vehicle_has_documents_and_a_truth(histories, truth):
    assert histories.keys() <= truth.keys()
    unheard = [vin for vin in truth.keys() - histories.keys() if truth[vin].story != "mistyped"]
    assert not unheard  # of a mistyped number nothing is in force once it has been put right


def test_prevalence_is_that_of_life(truth):
    shares = Counter(one.label for one in truth.values())
    assert 0.955 < shares["ordinary"] / VEHICLES < 0.97
    assert 0.022 < shares["innocent"] / VEHICLES < 0.03
    assert shares["known"] == shares["scheme"] == round(0.006 * VEHICLES)
    stories = {one.story for one in truth.values()}
    assert {story.__name__ for story in (*INNOCENT, *SCHEMES, *LIVES.things, textbook)} <= stories


def test_ordinary_lives_are_in_order(histories, truth):
    for vin, documents in histories.items():
        if truth[vin].label != "ordinary":
            continue
        firsts = [
            n
            for n, one in enumerate(documents)
            if isinstance(one, Registration) and one.kind == "initial"
        ]
        assert firsts in ([], [0])
        ends = [one.day for one in documents if isinstance(one, Deregistration)]
        assert len(ends) <= 1
        assert not ends or ends[0] == documents[-1].day
        registrations = [one for one in documents if isinstance(one, Registration)]
        for before, after in pairwise(registrations):
            if before.owner_id and after.seller_id and before.day < after.day:
                assert after.seller_id == before.owner_id


def test_nothing_is_written_before_it_happens(histories):
    for document in (one for documents in histories.values() for one in documents):
        assert document.recorded_day is None or document.recorded_day >= document.day


def test_ordinary_exports_keep_the_legal_order(histories, truth):
    used = 0
    for vin, documents in histories.items():
        for export in (one for one in documents if isinstance(one, CustomsExport)):
            if truth[vin].label == "ordinary" and export.condition == "used":
                used += 1
                endorsed = [
                    one
                    for one in documents
                    if isinstance(one, Registration) and one.kind == "pending_export"
                ]
                assert all(
                    one.day <= export.day and one.owner_id in {None, export.exporter_id}
                    for one in endorsed
                )
                assert export.exited_day is None or export.exited_day >= export.day
                assert export.licence_applied_day is None or export.licence_applied_day <= export.day
    assert used > 50


def test_documents_arrive_late_twice_and_corrected(country):
    days, seen, repeats, revised, void = [], set(), 0, 0, 0
    with gzip.open(country[0]) as lines:
        for line in lines:
            repeats += line in seen
            seen.add(line)
            document = msgspec.json.decode(line)
            days.append(decode(line).day)
            revised += document.get("revision", 0) > 0
            void += document.get("status") == "void"
    backwards = sum(after < before - 3 for before, after in pairwise(days))
    assert repeats > 30
    assert revised > 100
    assert void > 10
    assert backwards > 200


def test_vins_are_well_formed(truth):
    wrong = [vin for vin, one in truth.items() if vin != with_check_digit(vin)]
    assert {truth[vin].story for vin in wrong} == {"mistyped"}


def test_lags_and_kilometres_know_no_threshold():
    """Every count lies between its neighbours, but for chance and the bend of a smooth curve."""
    country = Country(11)
    for plot in (textbook, slow_second_sale):
        lives = list(islice(lots(country, plot), 6_000))
        lags = Counter(int(life.book[1].clock) - int(life.book[0].clock) for life in lives)
        readings = [entry.document.get("odometer_km") for life in lives for entry in life.book[1:]]
        steps = Counter(int(km // 5) for km in readings if km and km < 120)
        for counts, reach in ((lags, range(2, 28)), (steps, range(4, 20))):
            for n in reach:
                expected = math.sqrt(max(counts[n - 1], 0.5) * max(counts[n + 1], 0.5))
                assert abs(counts[n] - expected) < 5 * math.sqrt(expected) + 0.35 * expected, (plot, n)


def test_the_country_is_told_without_looking_at_detectors_or_the_other_country():
    """Only the contract (its words, its decoder) may be known."""
    allowed = {"detectors.decoding", "detectors.documents"}
    for file in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            ours = {name for name in names if name.split(".")[0] in {"detectors", "streams"}}
            assert ours <= allowed, file
