"""Real labelled and real unlabelled series."""

import numpy as np

from streams.spikes.counts import read_counts
from streams.spikes.labels import score_labels
from streams.spikes.methods import METHODS, MethodOptions, judge
from tests.spikes.shared_data import path_of


def outcomes():
    table = read_counts(path_of("weekly_outbreaks.csv"))
    options = MethodOptions(years=2)
    return {
        method: score_labels(table, table.labels, judge(table, method, options)) for method in METHODS
    }


def test_labelled_outbreaks():
    found = outcomes()
    ours, floor = found["ss-nb"], found["trailing-mean"]
    assert ours.hits == ours.outbreaks == 7
    assert ours.false_alarms <= 7
    assert ours.hits >= floor.hits
    assert ours.false_alarms < floor.false_alarms
    for variant in ("ears-c1", "ears-c2", "ears-c3"):
        assert ours.hits >= found[variant].hits
        assert ours.false_alarms < found[variant].false_alarms
    assert ours.hits >= found["farrington"].hits - 1
    assert ours.false_alarms_a_year < found["farrington"].false_alarms_a_year


def test_new_year_is_no_news():
    table = read_counts(path_of("province_registrations_monthly.csv"))
    together = judge(table, "ss-nb", MethodOptions()).alarm.sum(axis=0)
    assert together.max() <= 3
    assert together.sum() <= 12
    naive = judge(table, "ears-c2", MethodOptions()).alarm.sum(axis=0)
    assert naive.max() == len(table.regions)  # a method that does not know the calendar fires in all


def test_methods_judge_what_they_can():
    table = read_counts(path_of("weekly_outbreaks.csv"))
    scores = judge(table, "ss-nb", MethodOptions())
    assert np.isnan(scores.p[:, :7]).all()
    assert np.isfinite(scores.p[:, 7:]).all()
    assert (scores.alarm <= (table.counts > scores.upper)).all()
