"""Rows divided by their vehicles."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from detectors.decoding import decode
from streams.backfill import buckets
from streams.backfill.arrays import texts
from streams.backfill.buckets import (
    BUCKETS,
    Part,
    buckets_of,
    number_of_buckets,
    read_bucket,
    read_parts,
)
from streams.backfill.chunks import cut
from streams.backfill.decoding import decode_chunk
from streams.feeds.reading import STANDARD_INPUT
from tests.simulated import record_country

VINS = [f"LGXCE6CB0SK{number:06}" for number in range(4_000)] + ["A", "B" * 40, "LGXCE6CB"]


def test_a_vehicle_has_a_bucket_wherever_it_stands():
    of_all = buckets_of(texts(VINS), BUCKETS)
    assert buckets_of(texts(VINS[::-1]), BUCKETS).tolist() == of_all.tolist()[::-1]
    assert buckets_of(texts(VINS).slice(7), BUCKETS).tolist() == of_all.tolist()[7:]
    assert [buckets_of(texts([vin]), BUCKETS)[0] for vin in VINS[-9:]] == of_all.tolist()[-9:]
    assert buckets_of(texts([]), BUCKETS).tolist() == []


def test_buckets_are_about_as_large():
    counts = np.bincount(buckets_of(texts(VINS), BUCKETS), minlength=BUCKETS)
    assert len(counts) == BUCKETS
    assert counts.min() > len(VINS) / BUCKETS / 2
    assert counts.max() < len(VINS) / BUCKETS * 2


def test_a_ledger_that_is_kept_depends_on_where_its_vehicles_lie():
    """Who changes this has to count up the format: what is added must find the vehicles' buckets."""
    assert buckets_of(texts(["LGXCE6CB0SK100074", "A"]), BUCKETS).tolist() == [10, 6]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[Part]:
    folder = tmp_path_factory.mktemp("parts")
    file = record_country(folder / "country.jsonl", vehicles=300, seed=5)
    decoded = [decode_chunk(chunk, decode, folder, BUCKETS) for chunk in cut([file], 40_000)]
    tables = [one.table for one in decoded if one.table is not None]
    assert len(tables) > 2
    return [Part(table, number % 2, number * 100) for number, table in enumerate(tables)]


def test_all_rows_come_back_each_in_the_bucket_of_its_vehicle(parts: list[Part]):
    divided = [read_bucket(parts, bucket) for bucket in range(BUCKETS)]
    for number, rows in enumerate(divided):
        assert set(buckets_of(rows["vin"].combine_chunks(), BUCKETS)) <= {number}
        places = list(zip(rows["file"].to_pylist(), rows["line"].to_pylist(), strict=True))
        assert [one for one in places if one[0] == 0] == sorted(one for one in places if one[0] == 0)
    order = [("file", "ascending"), ("line", "ascending"), ("event_id", "ascending")]
    assert pa.concat_tables(divided).sort_by(order) == read_parts(parts, BUCKETS).sort_by(order)


def test_large_streams_have_more_buckets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b"x" * 100)
    assert number_of_buckets([file]) == 1
    monkeypatch.setattr(buckets, "_BYTES", 60)
    assert [number_of_buckets([file] * times) for times in (1, 3, 40)] == [2, 6, BUCKETS]
    assert number_of_buckets([file, STANDARD_INPUT]) == BUCKETS
    assert number_of_buckets([tmp_path / "lines.jsonl.gz"]) == BUCKETS
