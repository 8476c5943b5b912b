"""Drift is quiet on the same country and speaks on a changed one."""

import numpy as np

from detectors.forest.drift import measure_drift
from detectors.forest.life_cycle import LIFE_CYCLE
from streams.models.metrics import write_metrics
from tests.forest.populations import admitted, offered_window


def fresh(seed, spoil=None):
    rows = admitted(offered_window(seed=seed, ordinary=300, genuine=3_000, scheme=300)).reference
    values = rows.table()
    if spoil is not None:
        values[:, LIFE_CYCLE.measured.index(spoil)] *= 2.5
    return values, rows.provinces


def test_the_same_country_has_not_drifted(new_model):
    drift = measure_drift(new_model.model.reference, *fresh(401))
    assert drift.findings == ()
    assert max(drift.stability.values()) < 0.1
    assert 0.005 <= drift.unusual <= 0.02


def test_a_changed_country_is_a_finding_that_names_the_feature(new_model, tmp_path):
    drift = measure_drift(new_model.model.reference, *fresh(402, spoil="first_price_cny"))
    assert any(finding.startswith("first_price_cny has moved") for finding in drift.findings)
    write_metrics(tmp_path / "drift.prom", new_model.model.model_id, drift)
    text = (tmp_path / "drift.prom").read_text()
    assert f'zeromile_model_drift_findings{{model_id="{new_model.model.model_id}"}}' in text
    assert 'feature="first_price_cny"' in text


def test_a_missing_document_field_is_a_finding(new_model):
    values, provinces = fresh(403)
    values[:, LIFE_CYCLE.measured.index("odometer_km")] = np.nan
    drift = measure_drift(new_model.model.reference, values, provinces)
    assert any(finding.startswith("odometer_km has moved") for finding in drift.findings)


def test_too_few_vehicles_are_said_to_be_too_few(new_model):
    values, provinces = fresh(404)
    drift = measure_drift(new_model.model.reference, values[:100], provinces[:100])
    assert drift.findings == ("100 fresh vehicles are too few to tell; 500 are needed",)
