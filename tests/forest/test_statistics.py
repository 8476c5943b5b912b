"""Conformal p-values, second opinions and drift, against independent calculations."""

import numpy as np
import pytest
from scipy.stats import chi2

from detectors.forest.conformal import p_values
from detectors.forest.fitting import fit_ecod, fit_mahalanobis
from detectors.forest.rounding import rounded
from detectors.forest.stability import bin_shares, decile_edges, population_stability_index


def test_p_values_count_held_out_scores_at_least_as_high():
    p = p_values([0.1, 0.2, 0.2, 0.4], [0.05, 0.2, 0.3, 0.4, 0.5])
    assert p.tolist() == [1.0, 0.8, 0.4, 0.4, 0.2]


def test_p_values_are_never_too_small_too_often():
    generator = np.random.default_rng(8)
    p = p_values(np.sort(generator.normal(size=5000)), generator.normal(size=50_000))
    for level in (0.001, 0.01, 0.1):
        assert (p <= level).mean() <= level + 4 * np.sqrt(level / 5000)


def test_robust_distance_ignores_a_minority_and_follows_chi_square():
    generator = np.random.default_rng(3)
    mixing = 4 * generator.normal(size=(4, 4))  # no direction so narrow that the floor widens it
    clean = generator.normal(size=(4000, 4)) @ mixing
    dirty = np.vstack([clean, np.full((400, 4), 160.0)])
    opinion = fit_mahalanobis(dirty, seed=0)
    distances = opinion.scores(clean)
    assert np.median(distances) / chi2(4).median() == pytest.approx(1, abs=0.15)
    assert opinion.scores(np.full((1, 4), 160.0))[0] > np.quantile(distances, 0.999)
    assert np.allclose(opinion.contributions(clean).sum(axis=1), distances)


def test_robust_distance_bears_columns_that_hardly_vary():
    generator = np.random.default_rng(3)
    rows = generator.normal(size=(2000, 3))
    rows[:, 1] = 0.0
    rows[:, 2] = np.where(generator.random(2000) < 0.9, 0.0, rows[:, 2])
    scores = fit_mahalanobis(rows, seed=0).scores(rows)
    assert np.isfinite(scores).all()


def test_robust_distance_is_not_led_by_a_column_that_follows_from_others():
    """Of two sales the time between them is the age; a third sale is no sensation."""
    generator = np.random.default_rng(3)
    rows = generator.normal(size=(2000, 2))
    rows = np.column_stack([rows, rows[:, 0] + rows[:, 1] + generator.normal(0, 0.01, 2000)])
    opinion = fit_mahalanobis(rows, seed=0)
    strayed, far = opinion.scores(np.array([[0.0, 0.0, 0.6], [-5.0, -5.0, -10.0]]))
    assert strayed < np.quantile(opinion.scores(rows), 0.99) < far


def test_frozen_ecod_equals_ecod_by_ranks_on_its_own_training_rows():
    """With as many quantiles as rows, frozen tails are the ranks that ECOD's document counts."""
    generator = np.random.default_rng(9)
    rows = generator.gamma(2.0, size=(1024, 3)) * [1, -1, 1]
    opinion = fit_ecod(rows)
    ranks = rows.argsort(axis=0).argsort(axis=0) + 1
    left, right = -np.log((ranks + 1) / 1025), -np.log((1024 - ranks + 2) / 1025)
    skew = ((rows - rows.mean(0)) ** 3).mean(0)
    chosen = np.where(skew < 0, left, right)
    expected = np.max([left.sum(1), right.sum(1), chosen.sum(1)], axis=0)
    assert np.corrcoef(opinion.scores(rows), expected)[0, 1] > 0.999
    alone = np.concatenate([opinion.scores(rows[i : i + 1]) for i in range(20)])
    assert np.array_equal(alone, opinion.scores(rows)[:20])


def test_stability_index_is_zero_for_the_same_and_large_for_a_moved_population():
    generator = np.random.default_rng(1)
    reference = generator.lognormal(size=20_000)
    edges = decile_edges(reference)
    shares = bin_shares(edges, reference)
    assert shares.sum() == pytest.approx(1)
    assert population_stability_index(shares, shares) == 0
    same = bin_shares(edges, generator.lognormal(size=20_000))
    assert population_stability_index(shares, same) < 0.01
    moved = bin_shares(edges, generator.lognormal(0.8, size=20_000))
    assert population_stability_index(shares, moved) > 0.25
    gone = bin_shares(edges, np.where(generator.random(20_000) < 0.5, np.nan, reference))
    assert population_stability_index(shares, gone) > 0.25


def test_stability_index_by_hand():
    expected = (0.6 - 0.5) * np.log(0.6 / 0.5) + (0.4 - 0.5) * np.log(0.4 / 0.5)
    assert population_stability_index([0.5, 0.5], [0.6, 0.4]) == pytest.approx(expected)


def test_many_numbers_are_rounded_as_one_is():
    generator = np.random.default_rng(8)
    numbers = np.concatenate(
        [
            generator.lognormal(3, 6, 20_000),
            generator.integers(0, 100_000, 20_000) / 1000,  # among them halves of a digit
            [0.0, -0.001, 0.005, 1.005, 2.675, 1e11 + 0.125, 1e15 + 0.125, 1e300, np.inf],
        ]
    )
    for digits in (2, 3):
        assert rounded(numbers[None], digits)[0].tolist() == [
            round(x, digits) for x in numbers.tolist()
        ]
    assert np.isnan(rounded(np.array([np.nan]), 2)).all()
