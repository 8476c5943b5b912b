"""Counts are exact whatever order contributions come and go in."""

import random
from itertools import pairwise

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from detectors.spikes.attribution import attribute
from detectors.spikes.tally import (
    DIMENSIONS,
    Export,
    ProvinceState,
    merged,
    moves,
    week_of,
)

MONDAY = week_of(739_000)

exports = st.builds(
    Export,
    province=st.just("CN-GD"),
    day=st.integers(MONDAY, MONDAY + 40),
    recorded_day=st.integers(MONDAY, MONDAY + 120),
    exporter=st.sampled_from(["", "a", "b"]),
    brand=st.sampled_from(["BYD", "Chery"]),
    destination=st.sampled_from(["RU", "KZ"]),
    zero_mileage=st.booleans(),
    source=st.sampled_from(["customs", "gate"]),
)
vehicles = st.dictionaries(st.integers(0, 9), st.lists(st.one_of(st.none(), exports), max_size=4))


def replay(changes):
    tally = ProvinceState()
    for before, after in changes:
        for export, sign in moves(before, after):
            tally.add(export, sign)
    return tally


@given(vehicles, st.randoms(use_true_random=False))
def test_duplicates_amendments_and_voids_move_the_count_exactly(lives, random):
    changes = []
    for life in lives.values():
        states = [None, *life, life[-1] if life else None]  # the last one again: a duplicate
        changes += list(pairwise(states))
    random.shuffle(changes)
    final = [(None, life[-1]) for life in lives.values() if life and life[-1] is not None]
    assert replay(changes) == replay(final)


@given(st.lists(exports, max_size=20))
def test_totals_are_the_number_of_exports(documents):
    tally = replay([(None, document) for document in documents])
    mondays = list(range(MONDAY, MONDAY + 49, 7))
    assert tally.totals(mondays).sum() == len(documents)
    assert sum(lags.sum() for lags in tally.reports(mondays).values()) == len(documents)
    for dimension in DIMENSIONS:
        assert sum(tally.split(mondays, dimension).values()) == len(documents)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(tally), type=ProvinceState) == tally


def test_weeks_begin_on_monday():
    assert [week_of(MONDAY + day) - MONDAY for day in range(-1, 8)] == [-7, *[0] * 7, 7]


def test_the_nation_is_the_sum():
    one, other = ProvinceState(), ProvinceState()
    one.add(Export("CN-GD", MONDAY, MONDAY, "a"), 1)
    other.add(Export("CN-ZJ", MONDAY, MONDAY, "a", zero_mileage=True), 1)
    nation = merged([one, other])
    assert nation.totals([MONDAY])[0] == 2
    assert nation.split([MONDAY], "exporter") == {"a": 2}
    assert nation.zero_mileage([MONDAY]) == 1
    assert one.totals([MONDAY])[0] == 1


def spiking(exporters):
    tally = ProvinceState()
    for week in range(13):
        day = MONDAY + 7 * week
        for number in range(20):
            tally.add(Export("CN-GD", day, day, f"usual{number}", "BYD", "RU"), 1)
    for number in range(60):
        name = f"new{number % exporters}"
        tally.add(Export("CN-GD", day, day, name, "Chery", "KZ", zero_mileage=True), 1)
    return attribute(tally, [day], 20.0)


def test_few_exporters_are_told_from_many():
    few, many = spiking(2), spiking(60)
    assert few.breadth == "few exporters"
    assert [found.value for found in few.contributors["exporter"][:2]] == ["new0", "new1"]
    assert sum(found.share for found in few.contributors["exporter"]) > 0.99
    assert many.breadth == "broad"
    assert few.contributors["brand"][0].value == "Chery"
    assert few.contributors["destination"][0].value == "KZ"
    assert few.zero_mileage_share == 0.75
    assert (
        few.contributors["exit_customs"] == () or few.contributors["exit_customs"][0].value == "unknown"
    )


def test_shares_are_the_same_to_the_last_bit_in_any_order_of_arrival():
    weeks = [(MONDAY + 7 * week, exporter) for week in range(13) for exporter in range(40)]
    came = [
        Export("CN-GD", day, day, f"exporter{exporter}")
        for day, exporter in weeks
        for _ in range((exporter * 7 + day) % 5 + 1)
    ]
    shuffled = random.Random(1)
    attributed = []
    for _ in range(20):
        tally = ProvinceState()
        for export in came:
            tally.add(export, 1)
        attributed.append(attribute(tally, [MONDAY + 7 * 12], 23.7))
        shuffled.shuffle(came)
    assert all(one == attributed[0] for one in attributed)
