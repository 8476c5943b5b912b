"""Lines that columns show to be in order: what the decoder says of each, or left to it."""

from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.decoding import decode
from detectors.wire import WIRE_TYPES
from streams.backfill.columns import SCHEMA, Originals, columns_of
from streams.backfill.decoding import decode_each, nobody_is_late
from streams.backfill.sound import find_sound
from tests.corpus.entries import documents_with_bad_values, malformed_documents
from tests.corpus.test_fuzz import PIECES, VALID
from tests.property import documents as streams
from tests.simulated import record_country

ORIGINALS = Originals(decode)
TEXTS = (
    "", " ", "a b", " a", "a\n", "a\t", "a\u2028", "｜", "ＬＳＶ", "粤B12345", "e\u0301",
    "\u0338x", "\u0007", "ﷺ" * 12, "ﷺ" * 10, "é" * 40, "a|b", "||", "\u200b", "a\u00a0",
    "x" * 40, "x" * 41, "x" * 200, "x" * 201, "lsvau2180n2183294", "LSVAU2180N218329",
    "LSVAU2180N2183299", "LSVAUI180N2183294", "CN-GD", "cn-gd",
    "CN-ZZ", "KZ", "kz", "K Z", "void", None,
)  # fmt: skip
TIMES = (
    "2026-03-01", "2026-02-29", "2024-02-29", "2026-3-01", "20260301xx", "1949-12-31", "1950-01-01",
    "2100-12-31", "2101-01-01", "0000-00-00", "2026-00-10", "2026-13-01", "2026-01-32",
    "２０２６-03-01", " 2026-03-01", "2026-03-01T08:15:00+08:00", "2026-03-01t08:15:00+08:00",
    "2026-03-01T24:00:00+08:00",
    "2026-03-01T23:60:00+08:00", "2026-03-01T23:59:60+08:00", "2026-03-01T16:30:00Z",
    "2026-03-01T16:30:00-08:00", "2026-03-01T08:15:00.5+08:00", "1991-09-15T00:00:00+08:00",
    "1991-09-16T00:00:00+08:00", "1988-07-10T12:00:00+08:00", "2026-02-30T08:15:00+08:00", "", None,
)  # fmt: skip
NUMBERS = (
    0,
    -0.0,
    0.009,
    0.01,
    0.005,
    1.005,
    65_535,
    999_999,
    4_294_967_295,
    1e7,
    1e10,
    1e11,
    -1,
    2**31,
    None,
)


def _hard_document(dice: Random) -> bytes:
    """A document with a few values that are hard to read, or bytes in its middle that are."""
    document: dict[str, Any] = dict(dice.choice(VALID))
    names = sorted(set(WIRE_TYPES[document["event_type"]].__struct_fields__))
    for name in dice.choices(names, k=dice.randint(0, 3)):
        pool = dice.choice((TEXTS, TIMES, NUMBERS, (True, False, [], {})))
        document[name] = dice.choice(pool)
    line = msgspec.json.encode(document)
    if dice.random() < 0.1:
        place = dice.randrange(len(line))
        line = line[:place] + dice.choice(PIECES) + line[place:]
    if dice.random() < 0.05:
        line = b" " + line + b" "
    return line.replace(b"\n", b" ")


def _assert_sound_lines_are_the_decoders(lines: list[bytes]) -> int:
    """Compare row by row; says how many lines were found sound."""
    numbers = np.arange(1, len(lines) + 1)
    seen, expected = nobody_is_late(), nobody_is_late()
    sound = find_sound(lines, numbers, 7, seen)
    (documents, places), refused = decode_each(list(enumerate(lines, 1)), decode, expected)
    rows = {row["line"]: row for batch in columns_of(documents, places, 7) for row in batch.to_pylist()}
    found = [row for batch in sound.batches for row in batch.to_pylist()]
    for row in found:
        assert ORIGINALS.read(row["original"]) == ORIGINALS.read(rows[row["line"]]["original"])
        assert row | {"original": None} == rows[row["line"]] | {"original": None}
    assert sound.rest == sorted(set(range(len(lines))) - {row["line"] - 1 for row in found})
    assert {one.line - 1 for one in refused} <= set(sound.rest)
    decode_each([(place + 1, lines[place]) for place in sound.rest], decode, seen)
    assert seen.newest == expected.newest
    for batch in sound.batches:
        assert batch.schema == SCHEMA
        batch.validate(full=True)
    return len(found)


@given(st.integers(0, 2**32), st.integers(1, 400))
@settings(max_examples=40, deadline=None)
def test_hard_values_are_read_as_the_decoder_does_or_left_to_it(seed: int, number: int):
    dice = Random(seed)
    _assert_sound_lines_are_the_decoders([_hard_document(dice) for _ in range(number)])


@pytest.mark.parametrize("event_type", WIRE_TYPES)
def test_every_hard_value_of_every_field_alone(event_type: str):
    [usual] = [document for document in VALID if document["event_type"] == event_type]
    lines = [
        msgspec.json.encode(usual | {name: value})
        for name in WIRE_TYPES[event_type].__struct_fields__
        for value in (*TEXTS, *TIMES, *NUMBERS, True, [])
    ]
    assert _assert_sound_lines_are_the_decoders(lines) > 0
    for line in lines[::17]:
        _assert_sound_lines_are_the_decoders([line])


def test_malformed_documents_are_left_to_the_decoder():
    lines = [
        one.payload for one in (*malformed_documents(), *documents_with_bad_values()) if one.payload
    ]
    usual = [msgspec.json.encode(document) for document in VALID[:2]]
    assert _assert_sound_lines_are_the_decoders([*lines, *usual]) == len(usual)


@given(st.lists(st.integers(0, 2**32), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_streams_that_look_for_trouble(seeds: list[int]):
    _assert_sound_lines_are_the_decoders([streams.encode(streams.document(seed)) for seed in seeds])


def test_most_lines_of_a_country_are_sound(tmp_path):
    lines = record_country(tmp_path / "country.jsonl", vehicles=900, seed=5).read_bytes().splitlines()
    assert _assert_sound_lines_are_the_decoders(lines) > 0.95 * len(lines)
