"""Contributions add up to the path length and name the guilty feature."""

import numpy as np
from sklearn.ensemble import IsolationForest

from detectors.forest import attribution
from detectors.forest.attribution import attribute
from detectors.forest.packing import pack
from detectors.forest.scoring import path_length_sums


def test_contributions_are_additive():
    generator = np.random.default_rng(4)
    rows = generator.normal(size=(3000, 7))
    for samples in (2, 64, 1024):
        packed = pack(IsolationForest(max_samples=samples, random_state=1).fit(rows))
        explained = attribute(packed, rows)
        total = explained.baseline + explained.contributions.sum(axis=1)
        assert np.abs(total - path_length_sums(packed, rows)).max() < 1e-9


def test_a_row_far_out_in_one_feature_is_explained_by_it():
    generator = np.random.default_rng(5)
    packed = pack(
        IsolationForest(max_samples=1024, random_state=1).fit(generator.normal(size=(5000, 7)))
    )
    rows = generator.normal(size=(700, 7)) * 0.5
    guilty = np.arange(700) % 7
    rows[np.arange(700), guilty] = 8.0
    blamed = attribute(packed, rows).contributions.argmin(axis=1)
    assert (blamed == guilty).mean() >= 0.99


def test_contributions_do_not_depend_on_the_batch_nor_on_whether_the_credits_were_tabled(monkeypatch):
    generator = np.random.default_rng(6)
    rows = generator.normal(size=(3000, 8))
    packed = pack(IsolationForest(max_samples=1024, random_state=1).fit(rows))
    tabled = attribute(packed, rows).contributions
    for size in (1, 2, 511, 513):
        assert np.array_equal(attribute(packed, rows[:size]).contributions, tabled[:size])
    monkeypatch.setattr(attribution, "LARGEST_TABLE", 0)
    for size in (1, 600):
        assert np.array_equal(attribute(packed, rows[:size]).contributions, tabled[:size])


def test_no_rows_are_explained_by_nothing():
    packed = pack(IsolationForest(random_state=0).fit(np.random.default_rng(0).normal(size=(300, 3))))
    assert attribute(packed, np.zeros((0, 3))).contributions.shape == (0, 3)
