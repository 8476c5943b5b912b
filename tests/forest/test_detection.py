"""What the two forests find, on fresh lives of the small test country."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from detectors.forest.guards import check_blindness, check_population
from detectors.forest.judging import contributions, judge
from detectors.forest.life_cycle import LIFE_CYCLE
from detectors.forest.training import TrainingRefused, TrainingSettings, train_forest
from tests.forest import population
from tests.forest.populations import admitted, exports, life_cycles, offered_window

COLUMNS = LIFE_CYCLE.columns


def share_flagged(model, lives, level=0.01):
    return float((judge(model.reference, *life_cycles(lives)).p_value <= level).mean())


def test_zero_mileage_exports_are_found_at_one_percent_false_alarms(new_model):
    """Acceptance: at least 99 %; genuine used exports are not mistaken for them."""
    model = new_model.model
    domestic = [life.domestic() for life in population.ordinary(901, 20_000)]
    scheme = [life.export() for life in population.scheme(902, 3_000)]
    genuine = [life.export() for life in population.ordinary(903, 3_000, "G")]
    assert 0.006 <= share_flagged(model, domestic) <= 0.015
    assert share_flagged(model, scheme) >= 0.99
    assert share_flagged(model, genuine) <= 0.03


def test_false_alarms_are_even_across_provinces(new_model):
    """Acceptance: 0.5 to 2 % in every province at nominal 1 %, though provinces drive differently."""
    lives = population.ordinary(911, 93_000)
    judged = judge(new_model.model.reference, *life_cycles([life.domestic() for life in lives]))
    provinces = np.array([life.province for life in lives])
    rates = {p: float((judged.p_value[provinces == p] <= 0.01).mean()) for p in population.REGIONS}
    assert min(rates.values()) >= 0.005
    assert max(rates.values()) <= 0.02


def single_faults(lives, seed):
    """Spoil one number of each life; give the columns that may rightly be blamed."""
    guilty = []
    generator = np.random.default_rng(seed)
    for life in lives:
        kind = generator.integers(5)
        if kind == 0:
            life.kilometres = 5 + generator.random() * 100
            guilty.append({"odometer_km", "odometer_for_age"})
        elif kind == 1:
            life.kilometres *= 12
            guilty.append({"odometer_km", "odometer_for_age"})
        elif kind == 2:
            life.kept *= 8
            guilty.append({"price_kept_for_age"})
        elif kind == 3:
            life.owners = 14
            guilty.append({"owners_for_age", "shortest_holding_days"})
        else:
            life.price *= 30
            guilty.append({"first_price_cny"})
    return guilty


def test_explanations_name_the_guilty_feature(new_model):
    """Acceptance: the first reason is right for at least 90 % of flagged single faults."""
    lives = population.ordinary(921, 3_000)
    guilty = single_faults(lives, seed=922)
    judged = judge(new_model.model.reference, *life_cycles([life.domestic() for life in lives]))
    flagged = judged.p_value <= 0.01
    assert flagged.mean() > 0.7
    first = contributions(new_model.model.reference, judged, np.arange(len(lives))).argmax(axis=1)
    right = [COLUMNS[column] in columns for column, columns in zip(first, guilty, strict=True)]
    assert np.mean(np.array(right)[flagged]) >= 0.90


FAULTS = {
    "value": lambda life, up: setattr(life, "kept", life.kept * (2.5 if up else 0.35)),
    "odometer": lambda life, up: setattr(life, "kilometres", 30_000.0 if up else 9_000.0),
    "endorsement": lambda life, up: setattr(life, "endorsement_lag", 170 if up else 90),
    "licence": lambda life, up: setattr(life, "licence_lag", 170 if up else 90),
    "exit": lambda life, up: setattr(life, "exit_lag", 60 if up else 30),
    "deregistration": lambda life, up: setattr(life, "deregistration_lag", 500 if up else 180),
    "price": lambda life, up: setattr(life, "price", life.price * (12 if up else 0.08)),
}


def test_faults_among_zero_mileage_exports_are_ranked_first_by_the_second_forest(new_model):
    """Acceptance: AUC at least 0.90, where the reference forest is nearly blind."""
    model = new_model.model
    clean = population.scheme(931, 3_000)
    spoilt = population.scheme(932, 700, "F")
    for number, life in enumerate(spoilt):
        FAULTS[list(FAULTS)[number % len(FAULTS)]](life, number % 2 == 0)
    histories = [life.export() for life in clean + spoilt]
    label = np.arange(len(histories)) >= len(clean)
    second = roc_auc_score(label, judge(model.exports, *exports(histories)).score)
    reference = roc_auc_score(label, judge(model.reference, *life_cycles(histories)).score)
    assert second >= 0.90
    assert second > reference + 0.15


def test_without_admission_rules_the_scheme_becomes_normal_and_training_refuses():
    """The contaminated window that the fixture's model survives, offered as it is."""
    window = offered_window(seed=1, ordinary=6_000, genuine=600, scheme=600)
    values, provinces = life_cycles(window)
    with pytest.raises(TrainingRefused, match=r"8\.\d% of the offered reference vehicles"):
        check_population(values, exported=0)
    blind, _ = train_forest(LIFE_CYCLE, values, provinces, TrainingSettings(seed=3))
    scheme = [life.export() for life in population.scheme(941, 1_000)]
    found = judge(blind, *life_cycles(scheme)).p_value <= 0.01
    assert found.mean() < 0.5
    with pytest.raises(TrainingRefused, match="textbook zero-mileage exports"):
        check_blindness(blind)


def test_admission_rules_keep_the_scheme_out():
    found = admitted(offered_window(seed=5, ordinary=500, genuine=100, scheme=100))
    assert found.offered == 700
    assert found.refused["rule_finding"] >= 100
    assert len(found.reference.values) >= 500
    assert len(found.exports.values) == 200
    kilometres = found.reference.table()[:, LIFE_CYCLE.measured.index("odometer_km")]
    assert np.nanmin(kilometres) > 500


def test_too_small_a_window_is_refused_with_its_size():
    values, provinces = life_cycles([life.domestic() for life in population.ordinary(951, 50)])
    with pytest.raises(TrainingRefused, match="at least 1000 vehicles and was offered 50"):
        train_forest(LIFE_CYCLE, values, provinces, TrainingSettings())


def test_a_window_of_exports_alone_is_refused():
    with pytest.raises(TrainingRefused, match="more domestic sales"):
        check_population(np.full((10, len(LIFE_CYCLE.features)), 1000.0), exported=9)


def test_training_is_reproducible_and_the_seed_matters(new_model):
    found = admitted(offered_window(seed=7, ordinary=400, genuine=40, scheme=10))
    rows = found.reference
    ids = []
    for seed in (1, 1, 2):
        settings = TrainingSettings(seed=seed, trees=10, samples=64, smallest=100)
        forest, _ = train_forest(LIFE_CYCLE, rows.table(), rows.provinces, settings)
        ids.append(forest.calibration.forest.sum())
    assert ids[0] == ids[1] != ids[2]
