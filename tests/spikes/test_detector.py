"""The detector's invariants, and what peers, late documents and growing weeks do."""

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from detectors.spikes.bounds import largest_count
from detectors.spikes.common import common_factor
from detectors.spikes.detector import SpikeDetector
from detectors.spikes.discovery import benjamini_hochberg
from detectors.spikes.falls import Falls
from detectors.spikes.monitor import calibration
from detectors.spikes.panel import ss_nb
from detectors.spikes.scan import DAY_WINDOWS
from detectors.spikes.spread import Spread, peers_spread
from detectors.spikes.trend import DispersionTrend, to_judge_with
from tests.benchmarks.spikes_outbreaks import negative_binomial

WEEKS = 120


def panel(regions=12, weeks=WEEKS, seed=1, rate=40.0):
    return np.random.default_rng(seed).poisson(rate, (regions, weeks)).astype(float)


def no_calendar(weeks=WEEKS):
    return np.zeros((weeks, 0))


def test_regions_may_come_in_any_order():
    counts = panel()
    order = np.random.default_rng(2).permutation(len(counts))
    straight = ss_nb(counts, no_calendar())
    shuffled = ss_nb(counts[order], no_calendar())
    np.testing.assert_allclose(shuffled.p, straight.p[order], rtol=1e-9)
    np.testing.assert_array_equal(shuffled.upper, straight.upper[order])


def test_the_future_changes_nothing():
    counts = panel()
    changed = counts.copy()
    changed[:, 100:] *= 7.0
    before, after = ss_nb(counts, no_calendar()), ss_nb(changed, no_calendar())
    np.testing.assert_array_equal(before.p[:, :100], after.p[:, :100])


def test_the_upper_bound_is_where_alarms_begin():
    counts = panel()
    scores = ss_nb(counts, no_calendar())
    for extra, alarmed in ((0.0, False), (1.0, True)):
        tried = counts.copy()
        tried[4, -1] = scores.upper[4, -1] + extra
        assert ss_nb(tried, no_calendar()).alarm[4, -1] == alarmed


def test_largest_count_of_a_known_distribution():
    rates = np.array([0.2, 4.0, 900.0])
    found = largest_count(lambda counts: stats.poisson.sf(counts - 1, rates), rates, 0.005)
    np.testing.assert_array_equal(found, stats.poisson.isf(0.005, rates))


def national_rush(peers):
    counts = panel(seed=9)
    counts[:, 110] = np.round(counts[:, 110] * 2.0)
    counts[5, 114] *= 3.0
    return ss_nb(counts, no_calendar(), peers=peers).alarm


def test_a_rush_of_all_provinces_is_no_spike_of_each():
    alarm = national_rush(peers=True)
    assert not alarm[:, 110].any()
    assert alarm[5, 114]


def test_without_peers_everyone_alarms():
    assert national_rush(peers=False)[:, 110].sum() > 8


def test_few_regions_have_no_peers_by_default():
    assert not SpikeDetector(np.ones(7), 0).peers
    assert SpikeDetector(np.ones(8), 0).peers


def test_a_peers_spike_hardly_moves_the_factor():
    mean = np.full((1, 31), 50.0)
    counts = mean.copy()
    counts[0, 3] = 5000.0
    factor, variance, _ = common_factor(counts, mean, np.ones_like(mean))
    assert np.abs(factor).max() < 0.02
    assert (variance > 0).all()


def test_the_factor_leaves_oneself_out():
    mean = np.full((1, 10), 100.0)
    counts = mean.copy()
    alike, _, _ = common_factor(counts, mean, np.ones_like(mean))
    counts[0, 0] = 110.0
    factor, _, _ = common_factor(counts, mean, np.ones_like(mean))
    assert factor[0, 0] == pytest.approx(alike[0, 0], abs=1e-9)
    assert factor[0, 1] > alike[0, 1] + 0.005


def test_the_factor_is_not_biased_by_the_spread_of_counts():
    """The mean logarithm of counts lies below the logarithm of their mean, here by 4 %."""
    random = np.random.default_rng(17)
    mean, dispersion = np.full((4000, 31), 50.0), np.full((4000, 31), 4.0)
    counts = negative_binomial(random, mean, dispersion)
    _, _, centre = common_factor(counts, mean, dispersion)
    assert np.expm1(centre.mean()) == pytest.approx(0.0, abs=0.01)


def test_levels_do_not_drift_away_from_what_they_measure():
    detector, _ = trained()
    levels = np.exp(detector.filter.mean[:, 0])
    np.testing.assert_allclose(levels, 40.0, rtol=0.2)


def trained(seed=3):
    counts = panel(seed=seed)
    detector = SpikeDetector(counts[:, 0], 0)
    for week in range(WEEKS):
        detector.step(counts[:, week], np.zeros(0))
    return detector, counts


def test_incomplete_weeks_are_expected_to_be_smaller():
    detector, _ = trained()
    whole = detector.copy().step(np.full(12, 40.0), np.zeros(0))
    most = detector.copy().step(np.full(12, 28.0), np.zeros(0), 0.7)
    np.testing.assert_allclose(most.expected, 0.7 * whole.expected, rtol=0.03)
    assert (most.p > 0.01).all()


def test_a_copy_is_independent():
    detector, _ = trained()
    before = detector.copy().step(np.full(12, 40.0), np.zeros(0))
    detector.copy().step(np.full(12, 4000.0), np.zeros(0))
    after = detector.step(np.full(12, 40.0), np.zeros(0))
    np.testing.assert_array_equal(before.p, after.p)


def test_a_growing_week_is_held_against_a_whole_one():
    detector, _ = trained()
    tuesday = np.full(12, 12.0)
    tuesday[2] = 45.0
    growing = detector.copy().step(tuesday, np.zeros(0), growing=True)
    closed = detector.copy().step(tuesday, np.zeros(0))
    assert growing.p[2] > 0.05  # more than its peers, no more than a whole week
    assert closed.p[2] < 0.001
    tuesday[2] = 95.0
    assert detector.copy().step(tuesday, np.zeros(0), growing=True).p[2] < 0.001


def test_one_huge_week_alarms_once():
    counts = panel(seed=6)
    counts[1, 100] = 400.0
    alarm = ss_nb(counts, no_calendar()).alarm[1]
    assert alarm[100]
    assert not alarm[101:104].any()


def test_days_are_scanned_by_weeks_too():
    random = np.random.default_rng(11)
    counts = random.poisson(4.0, (1, 300)).astype(float)
    counts[0, 280:287] += 4.0
    alarm = ss_nb(counts, no_calendar(300), windows=DAY_WINDOWS, warm_up=60).alarm[0]
    assert alarm[280:288].any()
    assert alarm[60:280].sum() <= 5


def days_with_falls(length, seed=1, days=400):
    """Daily counts of some hundred with weekdays and, now and then, fewer for some days."""
    random = np.random.default_rng(seed)
    weekday = np.array([1.0, 1.02, 1.03, 1.05, 1.1, 0.9, 0.8])
    mean = 300.0 * weekday[np.arange(days) % 7] * np.exp(np.cumsum(random.normal(0.0, 0.01, days)))
    falls = np.arange(120, days - 30, 60)
    for first in falls:
        mean[first : first + length] *= 0.6
    counts = negative_binomial(random, mean, 1.0 + 0.005 * mean)
    weekdays = (np.arange(days)[:, None] % 7 == np.arange(1, 7)).astype(float)
    return counts[None, :], weekdays, falls


def by_days(counts, regressors):
    return ss_nb(counts, regressors, windows=DAY_WINDOWS, warm_up=49)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_usual_never_ends_below_what_is_expected(seed):
    """Days of a rise stay in the sums that are judged: the days after them had no room left."""
    counts = np.random.default_rng(seed).poisson(80.0, (1, 220)).astype(float)
    counts[0, 200:204] = 104.0  # none of them is news by itself, all together are
    counts[0, 204:] = 80.0
    scores = by_days(counts, np.zeros((220, 1)))
    judged = scores.judged()
    assert (scores.upper[judged] >= scores.expected[judged]).all()
    assert scores.alarm.any()
    assert (counts[scores.alarm] > scores.expected[scores.alarm]).all()


@pytest.mark.parametrize("length", [3, 6, 12])
def test_to_come_back_after_a_fall_is_no_spike(length):
    counts, weekdays, falls = days_with_falls(length)
    alarm = by_days(counts, weekdays).alarm[0]
    assert not any(alarm[first : first + length + 15].any() for first in falls)


def test_a_spike_after_a_fall_is_one():
    counts, weekdays, falls = days_with_falls(3)
    counts[0, falls[2] + 5] *= 2.5
    assert by_days(counts, weekdays).alarm[0, falls[2] + 5]


def test_a_fall_that_lasts_becomes_what_is_usual():
    counts = panel(regions=1, seed=5, rate=80.0)
    counts[0, 60:] = np.random.default_rng(6).poisson(20.0, 60)
    counts[0, 100] = 80.0
    assert ss_nb(counts, no_calendar()).alarm[0, 100]


def test_the_spread_is_that_of_the_residuals():
    random = np.random.default_rng(23)
    wide, narrow = Spread(2), Spread(2)
    for _ in range(1500):
        residual = random.normal(size=2)
        wide.learn(1.3 * residual, np.full(2, 9.0))
        narrow.learn(residual, np.full(2, 9.0))
    usual = np.full(2, 4.0)
    assert (wide.judged(usual) > 1.25 * narrow.judged(usual)).all()
    assert (narrow.judged(usual) > 0.8 * usual).all()
    few = narrow.ratio.copy()
    narrow.learn(np.full(2, 9.0), np.full(2, 0.1))
    np.testing.assert_array_equal(narrow.ratio, few)


def test_a_period_in_which_peers_stray_together_is_judged_with_more_room():
    """A pause of trade that touches provinces unlike: what the common factor leaves is no spike."""
    counts, order = panel(regions=31, seed=31, rate=200.0), np.arange(31)
    pause = np.random.default_rng(32).lognormal(-0.3, 0.25, 31)
    counts[:, 110] = np.round(counts[:, 110] * pause)
    quiet = ss_nb(counts[:, :110], no_calendar(110))
    paused = ss_nb(counts, no_calendar())
    room = paused.upper[:, 110] / paused.expected[:, 110]
    assert np.median(room) > 1.1 * np.median(quiet.upper[:, 109] / quiet.expected[:, 109])
    assert peers_spread(np.ones((1, 31)), order[None, :] >= 0).max() == 1.0
    lone = np.zeros((1, 31))
    lone[0, 3] = 50.0
    assert peers_spread(lone, order[None, :] >= 0).max() == 1.0, "one peer alone widens nobody"


def test_state_is_bounded():
    def size():
        parts = (detector.filter, detector.spread, detector.trend, detector.falls)
        arrays = [array for part in parts for array in vars(part).values()]
        arrays += [detector.log_weights, detector.scan.history]
        return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))

    detector = SpikeDetector(np.zeros(31), 11)
    before = size()
    for _ in range(600):
        detector.step(np.ones(31), np.zeros(11))
    after = size()
    assert after <= before
    assert after / 31 <= 32 * 1024


def test_too_short_a_history_is_an_answer():
    with pytest.raises(ValueError, match="not enough history: ss-nb needs 8 periods"):
        ss_nb(panel(weeks=7), no_calendar(7))


@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=40), st.floats(0.01, 0.5))
def test_as_many_are_rejected_as_stand_below_the_line_of_benjamini_and_hochberg(p, rate):
    values = np.sort(p)
    line = rate * np.arange(1, len(values) + 1) / len(values)
    hypothesis.assume(not np.isclose(values, line, rtol=1e-9).any())
    below = np.flatnonzero(values < line)
    assert benjamini_hochberg(np.array(p), rate).sum() == (
        np.sum(values <= values[below[-1]]) if len(below) else 0
    )


def test_unjudged_series_are_never_rejected():
    assert benjamini_hochberg(np.array([np.nan, np.nan])).tolist() == [False, False]


def test_the_monitor_sees_p_values_go_wrong():
    random = np.random.default_rng(12)
    uniform = random.uniform(size=(31, 104))
    assert calibration(uniform).trustworthy
    assert not calibration(uniform**2).trustworthy
    assert calibration(np.full((31, 104), np.nan)).trustworthy


def test_peers_share_how_far_they_stray():
    """A line in the mean for all, and a factor of its own for who strays farther for long."""
    random = np.random.default_rng(41)
    trend, mean = DispersionTrend(1, 31), np.geomspace(20.0, 2000.0, 31)
    given = 2.0 + 0.01 * mean
    given[::3] *= 2.0
    first = trend.dispersion_at(mean)
    for _ in range(300):
        residual = random.normal(size=31) * np.sqrt(given / trend.dispersion_at(mean))
        trend.learn(residual, mean, np.zeros(31))
    learnt = trend.dispersion_at(mean)
    assert np.abs(np.log(learnt / given)).mean() < 0.2 < np.abs(np.log(first / given)).mean()
    assert (learnt[::3] > 1.4 * learnt[1::3].max() * given[::3] / given[::3].max()).any()
    assert (learnt[3::3] > 1.3 * learnt[2:-1:3]).all()
    assert (to_judge_with(np.ones(31), np.zeros(31)) >= 1.0).all(), "nothing strays less than Poisson"
    quiet = trend.dispersion_at(mean)
    trend.learn(np.full(31, 9.0), np.full(31, 0.1), np.zeros(31))
    np.testing.assert_allclose(trend.dispersion_at(mean), quiet, rtol=0.05)


def test_a_series_that_wanders_has_not_fallen():
    levels = np.log(np.array([100.0, 100.0]))
    falls = Falls(levels)
    low = np.full(2, -4.0)
    falls.learn(levels + np.log([0.9, 0.5]), low, low, np.zeros(2))
    height = falls.height(levels + np.log([0.9, 0.5]))
    assert height[0] == 0.0
    assert height[1] == pytest.approx(np.log(2.0))
