"""The packed forest gives scikit-learn's numbers to the last bit."""

from itertools import count

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score

from detectors.forest import compiled, scoring
from detectors.forest.compiled import AVAILABLE, compiled_places
from detectors.forest.packing import ForestError, average_path_length, pack, round_down
from detectors.forest.scoring import RowError, anomaly_scores, as_rows, walk

FORESTS = [
    {"n_estimators": 100, "max_samples": 256},
    {"n_estimators": 100, "max_samples": 1024},
    {"n_estimators": 1, "max_samples": 1},
    {"n_estimators": 5, "max_samples": 2},
    {"n_estimators": 7, "max_samples": 3},
    {"n_estimators": 3, "max_samples": 4096},
    {"n_estimators": 50, "max_samples": 100, "max_features": 0.4},
    {"n_estimators": 50, "max_samples": 777, "bootstrap": True},
    {"n_estimators": 20, "max_samples": 65, "max_features": 1},
    {"n_estimators": 33, "max_samples": 512},
]


def table(seed: int, rows: int) -> np.ndarray:
    """Columns that make trees difficult: constant, few values, huge, tiny, heavy-tailed."""
    generator = np.random.default_rng(seed)
    return np.column_stack(
        [
            generator.normal(size=rows),
            np.full(rows, 3.0),
            generator.integers(0, 3, rows),
            generator.lognormal(12, 3, rows),
            generator.normal(size=rows) * 1e-30,
            generator.standard_cauchy(rows),
            np.where(generator.random(rows) < 0.9, 0.0, generator.random(rows)),
            1e9 + generator.integers(0, 50, rows),
        ]
    )


@pytest.mark.parametrize("parameters", FORESTS, ids=str)
@pytest.mark.parametrize("seed", [11, 12])
def test_scores_are_bit_equal_to_scikit_learn(parameters, seed):
    """20 forests; 50,000 rows at once, the first ones again in batches of other sizes and alone."""
    forest = IsolationForest(random_state=seed, **parameters).fit(table(seed, 6000))
    packed = pack(forest)
    rows = table(seed + 1000, 50_000)
    expected = -forest.score_samples(rows)
    assert np.abs(anomaly_scores(packed, rows) - expected).max() == 0
    for size in (513, 511, 7, 1):
        assert np.array_equal(anomaly_scores(packed, rows[:size]), expected[:size])


def test_rows_on_a_threshold_and_beyond_float32_go_the_way_scikit_learn_sends_them():
    forest = IsolationForest(max_samples=256, random_state=0).fit(table(5, 2000))
    thresholds = np.concatenate([tree.tree_.threshold for tree in forest.estimators_])
    rows = np.resize(np.concatenate([thresholds, [np.inf, -np.inf, 3e38, -3e38]]), (4000, 8))
    assert np.array_equal(anomaly_scores(pack(forest), rows), -forest.score_samples(rows))


def test_a_threshold_rounded_down_splits_float32_values_like_the_wide_one():
    generator = np.random.default_rng(2)
    values = generator.normal(size=20_000).astype(np.float32)
    thresholds = values.astype(np.float64) + generator.choice([0, 1e-12, -1e-12], 20_000)
    assert np.array_equal(values <= round_down(thresholds), values.astype(float) <= thresholds)
    nearest = thresholds.astype(np.float32)  # what a plain cast would do
    assert not np.array_equal(values <= nearest, values.astype(float) <= thresholds)


@pytest.mark.skipif(not AVAILABLE, reason="numba is not installed")
def test_compiled_code_ends_at_the_same_places(monkeypatch):
    packed = pack(IsolationForest(max_samples=777, random_state=3).fit(table(7, 3000)))
    rows = as_rows(packed, table(8, 500))
    assert np.array_equal(compiled_places(packed, rows), walk(packed, rows))
    called = []
    monkeypatch.setattr(scoring, "compiled_places", lambda *given: called.append(given) or walk(*given))
    monkeypatch.setattr(compiled, "_calls", count(compiled.PATIENCE))
    scores = [anomaly_scores(packed, rows[start : start + 1])[0] for start in range(5)]
    assert len(called) == 4  # the first call was the last that was to wait
    assert scores == anomaly_scores(packed, rows)[:5].tolist()


def test_average_path_length_of_small_and_large_trees():
    assert average_path_length([0, 1, 2]).tolist() == [0, 0, 1]
    assert average_path_length([256])[0] == pytest.approx(10.2447, abs=1e-4)


def test_the_score_of_a_row_does_not_depend_on_its_batch():
    packed = pack(IsolationForest(random_state=0).fit(table(1, 3000)))
    rows = table(2, 2000)
    alone = np.concatenate([anomaly_scores(packed, rows[i : i + 1]) for i in range(100)])
    assert np.array_equal(alone, anomaly_scores(packed, rows)[:100])


@pytest.mark.parametrize(
    "load", [load_breast_cancer, load_digits, load_iris, load_wine], ids=lambda f: f.__name__
)
def test_area_under_the_curve_on_labelled_sets_equals_scikit_learn(load):
    """The rarest class, thinned to 10 rows, is the anomaly."""
    data, target = load(return_X_y=True)
    rare = int(np.argmin(np.bincount(target)))
    keep = np.concatenate([np.flatnonzero(target != rare), np.flatnonzero(target == rare)[:10]])
    data, anomaly = data[keep], target[keep] == rare
    forest = IsolationForest(random_state=1).fit(data)
    theirs = roc_auc_score(anomaly, -forest.score_samples(data))
    ours = roc_auc_score(anomaly, anomaly_scores(pack(forest), data))
    assert abs(ours - theirs) <= 1e-12


def test_rows_that_cannot_be_scored_are_named():
    packed = pack(IsolationForest(random_state=0).fit(table(1, 300)))
    with pytest.raises(RowError, match=r"expected \(rows, 8\)"):
        anomaly_scores(packed, np.zeros((2, 7)))
    rows = np.zeros((3, 8))
    rows[1, 4] = np.nan
    with pytest.raises(RowError, match="row 1, column 4 is NaN"):
        anomaly_scores(packed, rows)
    assert len(anomaly_scores(packed, np.zeros((0, 8)))) == 0


def test_an_unfitted_forest_is_refused():
    with pytest.raises(ForestError, match="not fitted"):
        pack(IsolationForest())
