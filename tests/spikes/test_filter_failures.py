"""The failures on the way to the filter: each test fails on the naive code."""

import numpy as np
import pytest

from detectors.spikes import filter as filter_module
from detectors.spikes.filter import GATE, NegativeBinomialFilter
from detectors.spikes.special import upper_tail
from detectors.spikes.speeds import FAST
from tests.benchmarks.spikes_outbreaks import negative_binomial


def run(counts, regressors=None):
    """Run the filter over series x periods; return it, the expectations and the moves."""
    periods = counts.shape[1]
    calendar = np.zeros((periods, 0)) if regressors is None else regressors
    state = NegativeBinomialFilter(counts[:, 0], calendar.shape[1], [FAST] * len(counts))
    means, moves = np.empty(counts.shape), np.empty(counts.shape)
    for period in range(periods):
        expected = state.predict(calendar[period])
        tail = upper_tail(counts[:, period], expected.mean, expected.predictive_dispersion())
        means[:, period] = expected.mean
        moves[:, period] = state.update(counts[:, period], expected, tail < GATE)
    return state, means, moves


def test_an_empty_province_keeps_a_finite_bounded_state():
    calendar = np.random.default_rng(1).normal(size=(5000, 6))
    state, means, _ = run(np.zeros((2, 5000)), calendar)
    assert np.isfinite(state.covariance).all()
    assert (means < 5.0).all()


def test_without_the_bound_an_empty_province_loses_its_state(monkeypatch):
    monkeypatch.setattr(filter_module, "MAXIMUM_VARIANCE", np.inf)
    monkeypatch.setattr(filter_module, "COEFFICIENT_SD", 3.0)
    calendar = np.random.default_rng(1).normal(size=(3000, 6))
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError):
        run(np.zeros((1, 3000)), calendar)


def test_a_lost_state_is_an_error_and_never_silently_no_alarm():
    state = NegativeBinomialFilter(np.array([3.0, 4.0]), 0, [FAST, FAST])
    expected = state.predict(np.zeros(0))
    state.covariance[1, 0, 0] = np.nan
    with pytest.raises(FloatingPointError, match=r"\[1\]"):
        state.update(np.array([900.0, 900.0]), expected, np.array([False, False]))
    naive_p = np.array([np.nan])
    assert not (naive_p < 0.005).any()  # what code without the check would conclude


def level_shift(seed=3, before=20.0, after=300.0):
    random = np.random.default_rng(seed)
    return np.concatenate([random.poisson(before, 60), random.poisson(after, 40)])[None, :].astype(
        float
    )


def test_a_level_shift_does_not_swallow_the_variance():
    counts = level_shift()
    state, means, _ = run(counts)
    assert state.dispersion[0] < 6.0
    naive = 1.5
    for period in range(counts.shape[1]):
        squared = (counts[0, period] - means[0, period]) ** 2 / means[0, period]
        naive += 0.05 * (squared - naive)
        if period == 63:
            assert naive > 100.0


def test_a_new_level_is_learnt_within_weeks():
    _, means, moves = run(level_shift())
    assert (moves[0, 60:66] > 0).any()
    assert means[0, 68] > 200.0


def test_gating_alone_locks_a_new_level_out(monkeypatch):
    monkeypatch.setattr(filter_module, "INTERVENTION_RUN", 10**6)
    counts = level_shift()
    state = NegativeBinomialFilter(counts[:, 0], 0, [FAST])
    state._limit = np.array([np.inf])
    for period in range(70):
        expected = state.predict(np.zeros(0))
        tail = upper_tail(counts[:, period], expected.mean, expected.predictive_dispersion())
        state.update(counts[:, period], expected, tail < GATE)
    assert state.predict(np.zeros(0)).mean[0] < 150.0


def test_one_huge_week_hardly_moves_the_level():
    random = np.random.default_rng(8)
    counts = random.poisson(20.0, (1, 80)).astype(float)
    counts[0, 60] = 400.0
    _, means, moves = run(counts)
    assert means[0, 61] < 26.0
    assert not moves.any()


def test_the_expectation_of_a_settled_series_is_its_mean():
    counts = np.random.default_rng(4).poisson(50.0, (3, 200)).astype(float)
    state, means, _ = run(counts)
    np.testing.assert_allclose(means[:, 150:].mean(axis=1), 50.0, rtol=0.06)
    assert (state.dispersion < 1.6).all()


def scattered(seed, weeks, mean=60.0):
    random = np.random.default_rng(seed)
    return negative_binomial(random, np.full(weeks, mean), np.full(weeks, 5.0))


def test_a_late_starter_learns_its_dispersion_as_fast_as_any_other():
    """It used to learn at the pace of the panel's age: after three silent years, hardly at all."""
    learnt = {}
    for silent in (0, 160):
        series = [np.concatenate([np.zeros(silent), scattered(seed, 80)]) for seed in range(12)]
        state, _, _ = run(np.array(series))
        learnt[silent] = state.dispersion.mean()
    assert 3.0 < learnt[0] < 6.0
    assert learnt[0] - 0.2 < learnt[160] < 6.0


def test_silent_weeks_do_not_age_and_fourfold_growth_makes_young():
    quiet, _, _ = run(np.zeros((1, 100)))
    assert quiet.age[0] < 10
    settled, _, _ = run(scattered(1, 150)[None, :])
    assert settled.age[0] == 150
    grown = np.concatenate([scattered(1, 150), scattered(2, 40, mean=600.0)])
    state, _, _ = run(grown[None, :])
    assert state.age[0] < 60
