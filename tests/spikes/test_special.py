"""Special functions against scipy, and the mistakes they avoid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from detectors.spikes.special import (
    anscombe_residual,
    inverse_trigamma,
    log_likelihood,
    upper_tail,
)


@given(st.floats(-6.9, 6.9))
def test_inverse_trigamma_inverts(exponent):
    q = np.array([10.0**exponent])
    np.testing.assert_allclose(special.polygamma(1, inverse_trigamma(q)), q, rtol=1e-8)


def naive_inverse_trigamma(q):
    """Newton on trigamma(a) - q from the usual start: what one writes first."""
    a = 0.5 + 1.0 / q
    for _ in range(50):
        a = a - (special.polygamma(1, a) - q) / special.polygamma(2, a)
    return a


@pytest.mark.parametrize("q", [0.01, 3.0, 50.0, 1e4])
def test_large_variances_do_not_break_the_inverse(q):
    a = inverse_trigamma(np.array([q]))
    assert a > 0
    assert special.polygamma(1, a) == pytest.approx(q, rel=1e-8)


@pytest.mark.parametrize("q", [50.0, 1e4])
def test_naive_newton_breaks_there(q):
    with np.errstate(all="ignore"):
        a = naive_inverse_trigamma(q)
    assert not (a > 0 and special.polygamma(1, a) == pytest.approx(q, rel=1e-3))


@given(st.integers(0, 5000), st.floats(1e-3, 5000), st.floats(1.01, 50))
def test_upper_tail_is_the_negative_binomials(count, mean, dispersion):
    ours = upper_tail(np.array([count]), np.array([mean]), np.array([dispersion]))
    size, probability = mean / (dispersion - 1), 1 / dispersion
    theirs = stats.nbinom.sf(count - 1, size, probability)
    np.testing.assert_allclose(ours, max(theirs, 1e-300), rtol=1e-6, atol=1e-290)


def test_without_overdispersion_the_tail_is_poissons():
    counts = np.arange(30.0)
    ours = upper_tail(counts, np.full(30, 7.3), np.ones(30))
    np.testing.assert_allclose(ours, stats.poisson.sf(counts - 1, 7.3), rtol=1e-6)


def test_likelihood_is_the_negative_binomials():
    counts = np.array([0.0, 3.0, 80.0])
    ours = log_likelihood(counts, np.array([1.0, 5.0, 40.0]), np.array([1.5, 3.0, 2.0]))
    theirs = stats.nbinom.logpmf(counts, [2.0, 2.5, 40.0], [1 / 1.5, 1 / 3, 0.5])
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)


def test_anscombe_residuals_are_nearly_standard_normal():
    random = np.random.default_rng(5)
    counts = random.poisson(30.0, 40_000).astype(float)
    residual = anscombe_residual(counts, np.full(40_000, 30.0), np.ones(40_000))
    assert abs(residual.mean()) < 0.05
    assert residual.std() == pytest.approx(1.0, abs=0.03)
