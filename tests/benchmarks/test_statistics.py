"""Medians, spreads, paired ratios and percentiles."""

import pytest

from tests.benchmarks.statistics import Spread, paired_ratio, percentile


def test_a_spread_is_the_median_with_the_extremes() -> None:
    assert Spread.of([5.0, 1.0, 3.0]) == Spread(3.0, 1.0, 5.0)
    with pytest.raises(ValueError, match="at least one"):
        Spread.of([])


def test_ratios_are_taken_round_by_round() -> None:
    # the machine was twice as slow in the second round: the ratio does not notice
    assert paired_ratio([10.0, 20.0, 11.0], [5.0, 10.0, 5.0]) == Spread(2.0, 2.0, 2.2)


@pytest.mark.parametrize(
    ("values", "beside", "message"),
    [([1.0], [1.0, 2.0], "come in pairs"), ([1.0], [0.0], "measurement of 0")],
)
def test_what_is_no_pair_is_refused(values: list[float], beside: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        paired_ratio(values, beside)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 1.0), (0.5, 50.0), (0.99, 99.0), (0.999, 100.0), (1.0, 100.0)]
)
def test_percentiles_are_by_nearest_rank(share: float, expected: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], share) == expected


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="at least one"):
        percentile([], 0.5)
