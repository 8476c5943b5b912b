"""Completeness and its drift."""

import numpy as np
import pytest

from detectors.spikes.delay import LAGS, completeness, delay_drift

SHARES = np.array([0.70, 0.20, 0.07, 0.03, 0, 0, 0, 0])


def reports(weeks, shares=SHARES, size=400, seed=1):
    """Draw documents by week and lag, and cut off what is still to come."""
    drawn = np.random.default_rng(seed).multinomial(size, shares, weeks).astype(float)
    for week in range(weeks):
        drawn[week, weeks - week :] = 0.0
    return drawn


def test_completeness_is_recovered_from_open_weeks():
    found = completeness(reports(40))
    np.testing.assert_allclose(found[:4], [0.70, 0.90, 0.97, 1.0], atol=0.02)
    assert found[-1] == 1.0


def test_taking_open_weeks_for_complete_would_be_biased():
    drawn = reports(6, size=4000)
    naive = drawn[:, 0].sum() / drawn.sum()
    assert naive > 0.72
    assert completeness(drawn)[0] == pytest.approx(0.70, abs=0.02)


def test_few_documents_say_nothing():
    assert (completeness(reports(5, size=3)) == 1.0).all()
    assert (completeness(np.zeros((1, LAGS))) == 1.0).all()


def test_a_slower_source_is_noticed():
    drawn = reports(40)
    slow = reports(40, np.array([0.45, 0.35, 0.15, 0.05, 0, 0, 0, 0]), seed=2)
    drawn[-9:] = slow[-9:]
    drift = delay_drift(drawn)
    assert drift is not None
    assert drift.now < drift.usual - 0.05


@pytest.mark.parametrize("seed", range(20))
def test_a_steady_source_is_not(seed):
    assert delay_drift(reports(40, seed=seed + 100)) is None


def test_batches_do_not_look_like_drift():
    random = np.random.default_rng(7)
    drawn = np.zeros((40, LAGS))
    for week in range(40):
        early = random.beta(3.0, 2.0)
        drawn[week, :2] = 400 * early, 400 * (1 - early)
        drawn[week, 40 - week :] = 0.0
    assert delay_drift(drawn) is None
