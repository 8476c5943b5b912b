"""The calendar against published dates."""

from datetime import date

import holidays
import numpy as np
import pytest

from detectors.country import CHINA
from detectors.spikes.calendar import (
    calendar_regressors,
    days_from_feast,
    lunar_new_year,
    seasonal_regressors,
)

PUBLISHED = {
    2016: "2016-02-08", 2017: "2017-01-28", 2018: "2018-02-16", 2019: "2019-02-05",
    2020: "2020-01-25", 2021: "2021-02-12", 2022: "2022-02-01", 2023: "2023-01-22",
    2024: "2024-02-10", 2025: "2025-01-29", 2026: "2026-02-17", 2027: "2027-02-06",
}  # fmt: skip


@pytest.mark.parametrize("year", PUBLISHED)
def test_lunar_new_year(year):
    assert lunar_new_year(year).isoformat() == PUBLISHED[year]


def test_the_new_year_is_the_one_of_the_public_holidays():
    """The calendar is taken from where the library promises nothing; this is its public word."""
    feast = "Chinese New Year (Spring Festival)"
    for year in range(1950, 2100):
        named = holidays.country_holidays("CN", years=year, language="en_US", observed=False)
        assert lunar_new_year(year) == min(d for d, name in named.items() if feast in name.split("; "))


@pytest.mark.parametrize("year", [1900, 2101])
def test_a_year_beyond_the_calendar_is_refused(year):
    with pytest.raises(ValueError, match=f"{year}; allowed: 1901 to 2100"):
        lunar_new_year(year)


def test_every_new_year_lies_between_21_january_and_21_february():
    for year in range(1990, 2099):
        assert date(year, 1, 21) <= lunar_new_year(year) <= date(year, 2, 21)


def test_distance_crosses_the_turn_of_the_year():
    assert days_from_feast("lunar new year", date(2025, 1, 29).toordinal()) == 0
    assert days_from_feast("lunar new year", date(2024, 12, 31).toordinal()) == -29


def regressors(*spans):
    starts = np.array([date.fromisoformat(start).toordinal() for start, _ in spans])
    ends = np.array([date.fromisoformat(end).toordinal() for _, end in spans])
    return calendar_regressors(starts, ends, CHINA.calendar)


def test_the_feast_follows_the_lunar_date():
    weeks = regressors(("2025-01-27", "2025-02-03"), ("2024-01-29", "2024-02-05"))
    assert weeks[0, 2] == pytest.approx(5 / 7)
    assert weeks[1, 2] == 0.0


def test_months_share_windows_by_days():
    january, february = regressors(("2025-01-01", "2025-02-01"), ("2025-02-01", "2025-03-01"))
    assert january[2] == pytest.approx(3 / 31)
    assert february[2] == pytest.approx(4 / 28)


def test_golden_week_and_ends():
    day, month_end, quarter_end = regressors(
        ("2025-10-03", "2025-10-04"), ("2025-05-31", "2025-06-01"), ("2025-06-25", "2025-06-26")
    )
    assert day[5] == 1.0
    assert month_end[7] == 1.0
    assert quarter_end[8] == 1.0


def test_days_have_weekdays():
    monday, sunday = regressors(("2025-03-10", "2025-03-11"), ("2025-03-16", "2025-03-17"))
    assert monday[13:].sum() == 0.0
    assert sunday[13:].tolist() == [0, 0, 0, 0, 0, 1]


def test_days_of_any_calendar_have_weekdays():
    sunday = np.array([date(2025, 3, 16).toordinal()])
    assert seasonal_regressors(sunday, sunday + 1)[0, 4:].tolist() == [0, 0, 0, 0, 0, 1]
    assert seasonal_regressors(sunday, sunday + 7).shape == (1, 4)


def test_the_year_has_two_waves_beside_the_windows():
    march, september = regressors(("2025-03-03", "2025-03-10"), ("2025-09-01", "2025-09-08"))
    assert march.shape == (13,)
    np.testing.assert_allclose(march[[9, 11]], -september[[9, 11]], atol=0.03)
    np.testing.assert_allclose(march[[10, 12]], september[[10, 12]], atol=0.06)


def test_seasons_repeat_every_year():
    starts = np.array([date(2021, 6, 7).toordinal(), date(2022, 6, 7).toordinal()])
    first, second = seasonal_regressors(starts, starts + 7)
    np.testing.assert_allclose(first, second, atol=0.02)
