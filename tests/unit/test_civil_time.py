from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import civil_time
from detectors.civil_time import CivilTime
from tests.unit.documents import day

HOUR = 3_600_000_000


def _moments(first_year: int) -> st.SearchStrategy[datetime]:
    seconds = st.integers(
        int(datetime(first_year, 1, 2, tzinfo=UTC).timestamp()),
        int(datetime(2100, 12, 30, tzinfo=UTC).timestamp()),
    )
    return seconds.map(lambda second: datetime.fromtimestamp(second, UTC))


@pytest.mark.parametrize(
    ("text", "expected_day", "expected_time"),
    [
        ("2025-06-17", "2025-06-17", None),
        ("2025-06-17T00:00:00+08:00", "2025-06-17", 0),
        ("2025-06-17T15:59:59Z", "2025-06-17", 24 * HOUR - 1_000_000),
        ("2025-06-17T16:00:00Z", "2025-06-18", 0),
        ("2025-06-16T23:30:00-05:00", "2025-06-17", 12 * HOUR + HOUR // 2),
        ("2025-06-17T14:07:43.000001+08:00", "2025-06-17", 14 * HOUR + 463_000_001),
        ("2024-02-29", "2024-02-29", None),
        ("2024-12-31T16:30:00Z", "2025-01-01", HOUR // 2),
        ("1950-01-01", "1950-01-01", None),
        ("2100-12-31", "2100-12-31", None),
    ],
)
def test_times_are_read_on_the_calendar_of_shanghai(text, expected_day, expected_time):
    assert civil_time.parse(text) == CivilTime(day(expected_day), expected_time)


def test_daylight_saving_of_1988_shifts_the_civil_day():
    """In the summers of 1986 to 1991 China's clocks were an hour ahead of UTC+8."""
    summer = civil_time.parse("1988-07-01T15:30:00Z")
    assert summer == CivilTime(day("1988-07-02"), HOUR // 2)
    assert civil_time.text(*summer) == "1988-07-02T00:30:00+09:00"
    winter = civil_time.parse("1988-12-01T15:30:00Z")
    assert winter == CivilTime(day("1988-12-01"), 23 * HOUR + HOUR // 2)
    assert civil_time.text(*winter) == "1988-12-01T23:30:00+08:00"
    assert civil_time.parse("1992-07-01T15:30:00Z").day == day("1992-07-01")


@given(_moments(1950))
def test_the_civil_day_agrees_with_the_time_zone_database(moment):
    local = moment.astimezone(ZoneInfo("Asia/Shanghai"))
    assert civil_time.parse(moment.isoformat()).day == local.toordinal()


@given(_moments(1992))
def test_a_time_survives_writing_and_reading(moment):
    read = civil_time.parse(moment.isoformat())
    assert civil_time.parse(civil_time.text(*read)) == read


@given(st.dates(date(1950, 1, 1), date(2100, 12, 31)))
def test_a_bare_date_stays_one(moment):
    read = civil_time.parse(moment.isoformat())
    assert read == CivilTime(moment.toordinal(), None)
    assert civil_time.text(*read) == civil_time.day_text(read.day) == moment.isoformat()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2025-02-29",
        "2025-13-01",
        "20250617",
        "2025-W25-2",
        "2025/06/17",
        "2025-06-17T14:07:43",
        "2025-06-17T25:00:00Z",
        "2025-06-17 14:07",
        "1949-12-31",
        "2101-01-01",
        "1949-12-31T10:00:00+08:00",
        "9999-12-31T23:59:59-12:00",
        "1750166863",
    ],
)
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        civil_time.parse(text)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2025-12-31", 2, "2026-02-28"),
        ("2023-12-31", 2, "2024-02-29"),
        ("2025-06-30", 2, "2025-08-30"),
        ("2025-07-31", 2, "2025-09-30"),
        ("2025-11-15", 2, "2026-01-15"),
        ("2025-01-31", 1, "2025-02-28"),
        ("2025-03-10", 12, "2026-03-10"),
        ("2024-02-29", 12, "2025-02-28"),
    ],
)
def test_months_end_where_the_calendar_does(start, months, end):
    assert civil_time.day_text(civil_time.add_months(day(start), months)) == end


def test_the_end_of_the_year():
    assert civil_time.end_of_year(day("2024-02-29")) == day("2024-12-31")
    assert civil_time.end_of_year(day("2024-12-31")) == day("2024-12-31")
