import random

import pytest

from detectors.country import CHINA
from detectors.watermarks import MOST_SOURCES, WatermarkPolicy, Watermarks
from tests.unit.documents import day, export, registration

POLICY = WatermarkPolicy(allowed_lateness_days=14, idle_after_days=45, sources={"slow": 30})
START = day("2025-03-01")


@pytest.fixture
def marks() -> Watermarks:
    return Watermarks(POLICY)


def test_a_feed_never_seen_is_complete_through_no_day(marks):
    assert marks.complete_through("customs_export") is None


def test_a_source_is_complete_up_to_its_newest_event_less_its_lateness(marks):
    marks.reach("customs_export", "a", START)
    assert marks.complete_through("customs_export") == START - 15
    assert marks.complete_through("deregistration") is None


def test_single_sources_have_their_own_lateness(marks):
    marks.reach("customs_export", "slow", START)
    assert marks.complete_through("customs_export") == START - 31


def test_a_feed_is_as_complete_as_its_least_complete_source(marks):
    marks.reach("customs_export", "a", START)
    marks.reach("customs_export", "b", START - 20)
    assert marks.complete_through("customs_export") == START - 35


@pytest.mark.parametrize(("behind", "through"), [(45, 45 + 15), (46, 15)])
def test_an_idle_source_no_longer_holds_back_the_others(marks, behind, through):
    marks.reach("customs_export", "a", START)
    marks.reach("customs_export", "idle", START - behind)
    assert marks.complete_through("customs_export") == START - through


def test_a_feed_moves_back_when_a_source_shows_up_late(marks):
    marks.reach("customs_export", "a", START)
    before = marks.complete_through("customs_export")
    marks.reach("customs_export", "late", START - 10)
    assert marks.complete_through("customs_export") == before - 10
    marks.reach("customs_export", "late", START)
    assert marks.complete_through("customs_export") == before


def test_older_events_change_nothing(marks):
    assert marks.reach("customs_export", "a", START)
    assert not marks.reach("customs_export", "a", START)
    assert not marks.reach("customs_export", "a", START - 1)
    assert marks.complete_through("customs_export") == START - 15


def test_the_order_of_arrival_does_not_matter():
    events = [("a", 0), ("b", -20), ("a", -7), ("idle", -90), ("b", -3)]
    ends = []
    for order in (events, events[::-1], events[2:] + events[:2]):
        marks = Watermarks(POLICY)
        for source, offset in order:
            marks.reach("customs_export", source, START + offset)
        ends.append((marks.complete_through("customs_export"), marks.newest))
    assert ends[0] == ends[1] == ends[2]


def test_a_mistyped_year_does_not_run_ahead_of_its_recording(marks):
    marks.observe(export("2052-03-01", recorded_day=START, recorded_time=None))
    assert marks.complete_through("customs_export") == START - 15


def test_a_mistyped_year_does_not_run_ahead_of_the_record_that_brought_it(marks):
    written_ms = int(CHINA.start_of_day(START) * 1000)
    marks.observe(export("2052-03-01"), written_ms + 24 * 3_600_000 - 1)
    assert marks.complete_through("customs_export") == START - 15
    marks.observe(export("2052-03-01", recorded_day=START + 99), written_ms + 24 * 3_600_000)
    assert marks.complete_through("customs_export") == START - 14


@pytest.mark.parametrize("unknown", [0, -1])
def test_a_record_that_does_not_say_when_it_was_written_tells_nothing(marks, unknown):
    marks.observe(export("2025-03-01"), unknown)
    assert marks.complete_through("customs_export") == START - 15


def test_a_document_recorded_later_counts_by_its_event(marks):
    marks.observe(export("2025-02-01", recorded_day=START))
    assert marks.complete_through("customs_export") == day("2025-02-01") - 15


def test_feeds_are_kept_apart(marks):
    marks.observe(registration("initial", "2025-03-01", "a"))
    assert marks.complete_through("customs_export") is None
    assert marks.complete_through("registration") == START - 15


def test_what_somebody_declares_complete_never_moves_back(marks):
    marks.declare_complete(START)
    marks.declare_complete(START - 100)
    assert marks.complete_through("customs_export") == START
    marks.reach("customs_export", "a", START + 100)
    assert marks.complete_through("customs_export") == START + 85


def test_progress_can_be_resumed(marks):
    marks.reach("customs_export", "a", START)
    marks.reach("customs_export", "b", START - 9)
    resumed = Watermarks(POLICY, marks.newest)
    assert resumed.complete_through("customs_export") == marks.complete_through("customs_export")


def test_many_sources_are_worked_out_once_a_question():
    """A feed that names a new source with every document must not cost the square of their number."""
    marks = Watermarks(WatermarkPolicy(allowed_lateness_days=1, idle_after_days=3000))
    for number in range(20_000):
        marks.reach("registration", f"source-{number}", 700_000 + number % 7)
    assert marks.complete_through("registration") == 700_006 - 2, "those furthest behind are left out"


def test_no_more_sources_are_kept_than_stated_and_always_the_same():
    days = [(START + number % 7, f"s{number}") for number in range(3 * MOST_SOURCES)]
    kept = []
    for seed in range(3):
        random.Random(seed).shuffle(days)
        marks = Watermarks(POLICY)
        for number, source in days:
            marks.reach("customs_export", source, number - 3)
            marks.reach("customs_export", source, number)
        kept.append(marks.newest)
    assert {len(newest) for newest in kept} == {MOST_SOURCES}
    assert kept[0] == kept[1] == kept[2]
    assert {(day, name) for (_, name), day in kept[0].items()} == set(sorted(days)[-MOST_SOURCES:])


def test_a_lowered_source_stays_where_it_is_until_it_publishes_again(marks):
    marks.reach("customs_export", "a", START + 9_000)
    marks.lower("customs_export", "a", START)
    assert marks.complete_through("customs_export") == START - 15
    assert not marks.reach("customs_export", "a", START + 9_000, 0), "known before it was lowered"
    assert marks.newest_day("customs_export") == START
    assert marks.reach("customs_export", "a", START + 1)


def test_who_has_not_heard_that_a_source_was_lowered_is_told_by_the_number(marks):
    marks.reach("customs_export", "a", START + 9_000, 0)
    assert marks.reach("customs_export", "a", START, 1)
    assert marks.newest_day("customs_export") == START
