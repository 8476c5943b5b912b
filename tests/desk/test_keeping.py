"""What is kept is worked out once, anew while it is asked for, and forgotten afterwards."""

from datetime import UTC, datetime, timedelta

import pytest

from streams.desk.keeping import ASKED_LATELY, MOST_KEPT, Kept

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def test_one_waits_and_the_others_get_what_was_worked_out_last():
    kept, made = Kept(), iter(range(100))
    assert [kept.get("a", lambda: next(made), NOON) for _ in range(3)] == [0, 0, 0]
    kept.refresh(NOON + ASKED_LATELY)
    assert kept.get("a", lambda: next(made), NOON) == 1
    kept.refresh(NOON + ASKED_LATELY + timedelta(seconds=1))
    assert kept.get("a", lambda: next(made), NOON) == 2, "nobody had asked"


def test_what_was_asked_for_longest_ago_goes_first():
    kept = Kept()
    for number in range(MOST_KEPT + 1):
        kept.get(number, lambda: "old", NOON)
        kept.get(0, lambda: "old", NOON)
    assert kept.get(0, lambda: "new", NOON) == "old"
    assert kept.get(1, lambda: "new", NOON) == "new"


def test_a_fault_is_kept_by_nobody():
    kept = Kept()
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0, NOON)
    assert kept.get("a", lambda: 2, NOON) == 2
