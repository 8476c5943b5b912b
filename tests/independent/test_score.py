"""The score of a handful of vehicles, reckoned by hand."""

from __future__ import annotations

import gzip
import json

import pytest
from typer.testing import CliRunner

from tests.independent.__main__ import app
from tests.independent.baselines import ages_at_export
from tests.independent.score import Alert, Share, by_score, read_alerts, scored
from tests.independent.table import plain_table
from tests.independent.truth import Truth, read_truth, written_truth

STORIES = {
    "K1": ("known", "textbook"), "S1": ("scheme", "silent"), "S2": ("scheme", "silent"),
    "I1": ("innocent", "heirs"), "O1": ("ordinary", "kept"), "O2": ("ordinary", "kept"),
}  # fmt: skip
TRUTH = {vin: Truth(vin, label, story, 739_000, 739_010, "") for vin, (label, story) in STORIES.items()}
ALERTS = [
    Alert("swift", "high", "K1", 0.9, shadow=False),
    Alert("swift", "high", "I1", 0.8, shadow=False),
    Alert("swift", "critical", "S1", 0.7, shadow=False),
    Alert("quiet", "low", "S2", 0.6, shadow=False),
    Alert("quiet", "medium", "S1", 0.4, shadow=False),
    Alert("trial", "critical", "O1", 1.0, shadow=True),
]


def test_who_is_accused():
    score = scored(ALERTS, TRUTH)
    accused = {label: (share.of_them, share.whole) for label, share in score.labels.items()}
    assert accused == {"known": (1, 1), "scheme": (1, 2), "innocent": (1, 1), "ordinary": (0, 2)}
    silent = next(one for one in score.classes if one.story == "silent")
    assert (silent.accused, silent.mentioned) == (Share(1, 2), Share(2, 2))
    assert silent.told_by == [("quiet", 1), ("swift", 1)]


def test_how_right_detectors_are():
    score = scored(ALERTS, TRUTH)
    right = {(one.detector, one.severity, one.shadow): one.right for one in score.detectors}
    assert right == {
        ("quiet", "low", False): Share(1, 1),
        ("quiet", "medium", False): Share(1, 1),
        ("swift", "high", False): Share(1, 2),
        ("swift", "critical", False): Share(1, 1),
        ("trial", "critical", True): Share(0, 1),
    }
    assert score.per_thousand["all"] == pytest.approx(5 / 6 * 1_000)
    assert score.per_thousand["high"] == pytest.approx(2 / 6 * 1_000)


def test_vehicles_are_looked_at_in_order_of_their_worst_score():
    assert by_score(ALERTS) == ["K1", "I1", "S1", "S2"]
    assert scored(ALERTS, TRUTH).budgets == {
        "alerts by score": dict.fromkeys((100, 400, 1_000), Share(3, 4))
    }


def test_baselines_stand_beside():
    score = scored([], TRUTH, {"K1": 3, "I1": 7, "O1": 8})
    assert score.within_a_week == Share(1, 2)
    assert score.budgets["youngest export first"][100] == Share(1, 3)
    assert score.budgets["alerts by score"][100].value is None


def test_interval_is_wilsons():
    low, high = Share(8, 10).interval
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert Share(0, 0).interval is None


def test_an_alert_on_an_unknown_vehicle_is_named():
    with pytest.raises(ValueError, match="not in the truth; one is X9"):
        scored([Alert("swift", "low", "X9", 0.1, shadow=False)], TRUTH)


def registered(vin, **fields):
    ours = {"event_type": "registration", "event_id": vin, "source": "r", "vin": vin, "kind": "initial"}
    return ours | {"occurred_at": "2025-01-01"} | fields


def exported(vin, day, **fields):
    ours = {"event_type": "customs_export", "event_id": f"{vin}x", "source": "c", "vin": vin}
    said = {"declaration_no": "1", "exporter_id": "e", "destination": "KZ", "condition": "used"}
    return ours | said | {"occurred_at": day} | fields


def test_ages_are_those_of_the_documents_in_force(tmp_path):
    documents = [
        *(registered("A"), exported("A", "2025-01-05"), exported("A", "2025-01-09", revision=1)),
        *(registered("B"), registered("B", status="void", revision=1), exported("B", "2025-01-02")),
        *(registered("C"), exported("C", "2025-01-02", condition="new")),
    ]
    file = tmp_path / "d.jsonl.gz"
    file.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in documents).encode()))
    assert ages_at_export(file) == {"A": 8}


def test_the_command_prints_the_table_and_writes_json(tmp_path):
    alerts, truth, figures = tmp_path / "alerts.jsonl", tmp_path / "truth.csv", tmp_path / "score.json"
    rows = [
        {"detector": one.detector, "severity": one.severity, "subject": one.vehicle, "score": one.score}
        | {"shadow": one.shadow, "subject_type": "vehicle", "state": "firing"}
        for one in ALERTS
    ]
    rows += [
        rows[0] | {"subject": "CN-GD", "subject_type": "province"},
        rows[0] | {"state": "resolved"},
    ]
    alerts.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    truth.write_text(written_truth(TRUTH.values()), encoding="utf-8")
    assert read_truth(truth) == TRUTH
    assert read_alerts(alerts) == ALERTS
    answer = CliRunner().invoke(
        app, ["score", str(alerts), "--truth", str(truth), "--json", str(figures)]
    )
    assert answer.output.strip() == plain_table(scored(ALERTS, TRUTH)).strip()
    written = json.loads(figures.read_text(encoding="utf-8"))
    assert written["accused_by_label"]["scheme"]["share"] == 0.5
