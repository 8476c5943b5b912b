"""Province alerts are a function of the counts: order, duplicates and detours do not matter."""

import json
import random
from datetime import date, timedelta

import pytest

from detectors.errors import PolicyError
from detectors.policy import Policy
from detectors.registry import DECLARED, Catalogue
from streams.backfill.replay import Replay
from streams.setup.policy import load_policy, shipped_policy_text

START = date(2023, 1, 2)
WEEKS = 60
SPIKE_WEEK = 50


def _declaration(number, day, province, **fields):
    return {
        "event_id": f"D{number}",
        "source": "customs",
        "event_type": "customs_export",
        "vin": f"VEHICLE{number:06d}",
        "occurred_at": day.isoformat(),
        "recorded_at": f"{day.isoformat()}T20:00:00+08:00",
        "declaration_no": str(number),
        "exporter_id": f"exporter-{number % 40}",
        "exporter_province": province,
        "destination": "KZ",
        "condition": "used",
        "odometer_km": 40_000,
        "odometer_status": "read",
    } | fields


@pytest.fixture(scope="module")
def exports():
    """Ten provinces with some twelve exports a week; one of them five times that in one week."""
    dice = random.Random(7)
    provinces = [f"CN-{code}" for code in ("GD", "ZJ", "SD", "SC", "TJ", "CQ", "XJ", "HA", "JS", "FJ")]
    documents = []
    for week in range(WEEKS):
        for province in provinces:
            spike = province == "CN-SC" and week == SPIKE_WEEK
            for _ in range(60 if spike else dice.randint(9, 15)):
                day = START + timedelta(days=7 * week + dice.randrange(7))
                fields = {"exporter_id": f"new-{dice.randrange(2)}"} if spike else {}
                documents.append(_declaration(len(documents), day, province, **fields))
    documents.sort(key=lambda document: document["recorded_at"])
    return documents


def _province_alerts(tmp_path, documents, batch=5_000, policy=None):
    path = tmp_path / "documents.jsonl"
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    run = Replay(Catalogue(policy or load_policy()))
    firing = run.run([path], batch=batch).firing.values()
    told = [alert for alert in firing if alert.subject_type == "province"]
    return sorted((a.alert_id, a.detector, a.subject, a.severity, json.dumps(a.facts)) for a in told)


def test_the_spike_is_found_and_attributed(tmp_path, exports):
    found = _province_alerts(tmp_path, exports)
    spikes = [json.loads(facts) for _, name, place, _, facts in found if place == "CN-SC"]
    assert [name for _, name, place, *_ in found if place == "CN-SC"] == ["province_export_spike"]
    assert spikes[0]["breadth"] == "few exporters"
    assert spikes[0]["since"] == (START + timedelta(days=7 * SPIKE_WEEK)).isoformat()
    assert spikes[0]["observed"] >= 60 > spikes[0]["upper_bound"]


def test_order_duplicates_and_batches_do_not_matter(tmp_path, exports):
    shuffled = exports + random.Random(1).sample(exports, 500)
    random.Random(2).shuffle(shuffled)
    assert _province_alerts(tmp_path, shuffled, batch=777) == _province_alerts(tmp_path, exports)


def test_withdrawn_declarations_resolve_the_alert(tmp_path, exports):
    withdrawn = [
        document | {"status": "void", "revision": 1}
        for document in exports
        if document["exporter_id"].startswith("new-")
    ]
    assert not [
        place for _, _, place, *_ in _province_alerts(tmp_path, exports + withdrawn) if place == "CN-SC"
    ]


def test_an_export_moved_to_another_province_moves_the_count(tmp_path, exports):
    moved = [
        document | {"exporter_province": "CN-TJ", "revision": 1}
        for document in exports
        if document["exporter_id"].startswith("new-")
    ]
    places = {place for _, name, place, *_ in _province_alerts(tmp_path, exports + moved)}
    assert "CN-TJ" in places
    assert "CN-SC" not in places


def test_a_vehicle_counts_once(tmp_path, exports):
    again = [
        document | {"event_id": f"again-{document['event_id']}", "declaration_no": f"x{number}"}
        for number, document in enumerate(exports)
    ]
    once = [facts for *_, facts in _province_alerts(tmp_path, exports)]
    twice = [facts for *_, facts in _province_alerts(tmp_path, exports + again)]
    assert once == twice


def test_the_detector_can_be_switched_off(tmp_path, exports):
    override = (
        "[province_export_spike]\nenabled = false\n[province_export_level_shift]\nenabled = false"
    )
    policy = Policy.parse(shipped_policy_text(), override, DECLARED)
    assert _province_alerts(tmp_path, exports, policy=policy) == []


def test_a_wrong_threshold_is_refused():
    with pytest.raises(PolicyError, match=r"province_export_spike.false_discovery_rate is 2"):
        Policy.parse(
            shipped_policy_text(), "[province_export_spike]\nfalse_discovery_rate = 2", DECLARED
        )


def test_a_slower_source_is_told(tmp_path, exports):
    late = START + timedelta(days=7 * 52)
    slower = [
        document | {"recorded_at": f"{_later(document, 16)}T20:00:00+08:00"}
        if date.fromisoformat(document["occurred_at"]) >= late
        else document
        for document in exports
    ]
    assert "customs_delay_drift" not in [name for _, name, *_ in _province_alerts(tmp_path, exports)]
    drifts = [
        facts
        for _, name, *_, facts in _province_alerts(tmp_path, slower)
        if name == "customs_delay_drift"
    ]
    assert [json.loads(facts)["source"] for facts in drifts] == ["customs"]


def _later(document, days):
    return (date.fromisoformat(document["occurred_at"]) + timedelta(days=days)).isoformat()
