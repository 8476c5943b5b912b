"""Vehicle identification numbers against the standard, computed one by one."""

import numpy as np
import pytest

from streams.simulator import vins

LETTERS = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True)
)


def passes(vin):
    """The check of ISO 3779, written again."""
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(w * (LETTERS[c] if c in LETTERS else int(c)) for w, c in zip(weights, vin, strict=True))
    return "0123456789X"[total % 11] == vin[8]


@pytest.fixture
def numbers():
    index = np.arange(40_000) * 83
    wmi = np.tile(np.frombuffer(b"LGX", dtype=np.uint8), (len(index), 1))
    return vins.make_vins(wmi, index, 2010 + index % 20)


def test_the_check_knows_published_numbers():
    assert passes("1M8GDM9AXKP042788")
    assert passes("LRW3E7FS5PC695355")
    assert not passes("LRW3E7FS6PC695355")


def test_made_numbers_pass_and_differ(numbers):
    texts = vins.as_text(numbers)
    assert len(set(texts)) == len(texts)
    assert all(len(text) == 17 and passes(text) for text in texts)
    assert all(text.startswith("LGX") for text in texts)


def test_the_year_letter_is_the_year(numbers):
    letters = {2010: "A", 2017: "H", 2018: "J", 2021: "M", 2023: "P", 2025: "S", 2026: "T", 2029: "X"}
    for row, text in enumerate(vins.as_text(numbers)[:400]):
        year = 2010 + (row * 83) % 20
        if year in letters:
            assert text[9] == letters[year]


def test_mistyped_numbers_still_pass(numbers):
    wrong = vins.as_text(vins.mistype(numbers, np.random.default_rng(1)))
    for right, typed in zip(vins.as_text(numbers), wrong, strict=True):
        assert passes(typed)
        assert 1 <= sum(a != b for a, b in zip(right, typed, strict=True)) <= 2


def test_spoiled_numbers_never_pass(numbers):
    broken, how = vins.spoil(numbers, np.random.default_rng(1))
    for text, kind in zip(vins.as_text(broken), how.tolist(), strict=True):
        assert (
            (kind == 0 and len(text) == 17 and not passes(text))
            or (kind == 1 and set("IOQ") & set(text))
            or (kind == 2 and len(text) == 16)
        )
