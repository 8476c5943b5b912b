"""The forest findings in the engine: pure, independent of batches, explained, swapped."""

import msgspec
import numpy as np
import pytest

from detectors import civil_time
from detectors.forest.detector import ForestDetector
from detectors.forest.judging import judge
from detectors.forest.unusual_export import UnusualExport
from detectors.forest.unusual_life_cycle import UnusualLifeCycle
from detectors.history import VehicleHistory
from detectors.registry import Catalogue
from streams.engine.engine import Engine
from streams.engine.results import RawDocument
from streams.setup.policy import load_policy
from streams.state import record as records
from streams.state.store import MemoryStore
from tests.forest import population
from tests.forest.populations import life_cycles

POLICY = load_policy()
DATES = ("recorded_day", "licence_applied_day", "exited_day")


def as_line(document) -> RawDocument:
    """A document as its registry would publish it."""
    fields = {
        name: value for name, value in msgspec.structs.asdict(document).items() if value is not None
    }
    published = {
        "event_type": document.event_type,
        "occurred_at": civil_time.day_text(fields.pop("day")),
    }
    for name in DATES:
        if name in fields:
            published[name.replace("_day", "_at")] = civil_time.day_text(fields.pop(name))
    return RawDocument(msgspec.json.encode(fields | published))


def lives(seed: int) -> list[VehicleHistory]:
    spoilt = population.scheme(seed + 1, 40, "F")
    for life in spoilt:
        life.kept *= 4
    return [
        *(life.domestic() for life in population.ordinary(seed, 75)),
        *(life.export() for life in population.ordinary(seed + 2, 75, "G")),
        *(life.export() for life in population.scheme(seed, 60)),
        *(life.export() for life in spoilt),
    ]


def engine_after(model, histories, *, batch, shuffle=None) -> Engine:
    engine = Engine(Catalogue(POLICY, model), MemoryStore())
    documents = [as_line(document) for history in histories for document in history.documents]
    if shuffle is not None:
        np.random.default_rng(shuffle).shuffle(documents)
        documents = [RawDocument(*document) for document in documents]
    for start in range(0, len(documents), batch):
        result = engine.process(documents[start : start + batch])
        assert not result.failures, result.failures
        assert not result.dead_letters, [letter.error for letter in result.dead_letters]
    return engine


def standing(engine: Engine) -> dict[str, bytes]:
    """Findings that fire, by alert id, to the byte."""
    return {
        alert.alert_id: msgspec.json.encode(alert.finding)
        for vin in engine.store.vins()
        for alert in records.decode(engine.store.get(vin)).alerts
        if alert.finding is not None
    }


def forest_findings(engine: Engine) -> list:
    return [
        alert.finding
        for vin in engine.store.vins()
        for alert in records.decode(engine.store.get(vin)).alerts
        if alert.finding is not None and alert.finding.model_id is not None
    ]


def test_order_and_batches_change_nothing_to_the_byte(new_model):
    histories = lives(301)
    expected = standing(engine_after(new_model.model, histories, batch=10_000))
    assert len(expected) > 100
    assert standing(engine_after(new_model.model, histories, batch=1)) == expected
    assert standing(engine_after(new_model.model, histories, batch=7, shuffle=1)) == expected
    assert standing(engine_after(new_model.model, histories, batch=900, shuffle=2)) == expected


@pytest.mark.parametrize("kind", [UnusualLifeCycle, UnusualExport])
def test_findings_with_their_facts_do_not_depend_on_how_histories_are_cut_into_batches(new_model, kind):
    detector: ForestDetector = kind(POLICY.parameters[kind.spec.id], new_model.model)
    histories = lives(311)
    histories = [histories[place] for place in detector.concerned(histories)]
    expected = [msgspec.json.encode(list(detector.findings(history))) for history in histories]
    assert sum(found != b"[]" for found in expected) > 10
    for size in (1, 2, 13, len(histories)):
        found = [
            msgspec.json.encode(findings)
            for start in range(0, len(histories), size)
            for findings in detector.judge_batch(histories[start : start + size])
        ]
        assert found == expected


@pytest.mark.parametrize("kind", [UnusualLifeCycle, UnusualExport])
def test_a_batch_concerns_the_detector_history_by_history(new_model, kind):
    detector = kind(POLICY.parameters[kind.spec.id], new_model.model)
    histories = lives(312)
    histories += [VehicleHistory.of(h.vin, h.documents[:1]) for h in histories]
    histories += [VehicleHistory.of(h.vin, h.documents[1:]) for h in histories]
    concerned = [place for place, history in enumerate(histories) if detector.concerns(history)]
    assert 0 < len(concerned) < len(histories)
    assert detector.concerned(histories) == concerned
    assert kind(POLICY.parameters[kind.spec.id]).concerned(histories) == []


def test_a_judgement_alone_equals_that_in_a_wide_batch_to_the_bit(new_model):
    values, provinces = life_cycles([life.export() for life in population.ordinary(302, 2_000)])
    wide = judge(new_model.model.reference, values, provinces)
    for row in range(0, 2_000, 97):
        alone = judge(new_model.model.reference, values[row : row + 1], provinces[row : row + 1])
        assert alone.score[0] == wide.score[row]
        assert np.array_equal(alone.standardised[0], wide.standardised[row])


def test_every_forest_finding_carries_model_reasons_and_evidence(new_model):
    findings = forest_findings(engine_after(new_model.model, lives(303), batch=500))
    assert {finding.detector for finding in findings} == {"unusual_life_cycle", "unusual_export"}
    catalogue = Catalogue(POLICY, new_model.model)
    for finding in findings:
        assert finding.model_id == new_model.model.model_id
        assert len(finding.evidence) >= 2
        facts = finding.facts
        assert facts["p_value"] <= facts["p_limit"]
        assert 1 <= sum(name.startswith("reason_") for name in facts) <= 3
        weights = [facts[name] for name in facts if name.startswith("weight_")]
        assert weights == sorted(weights, reverse=True)
        assert all(type(value) in {str, int, float, bool, type(None)} for value in facts.values())
        text = catalogue.detectors[finding.detector].explain(facts)
        assert facts["reason_1"] in text
        assert f"p = {facts['p_value']:.2g}" in text
        assert "nan" not in text


def test_the_explanation_in_words(new_model):
    [life] = population.scheme(304, 1)
    detector = UnusualLifeCycle(POLICY.parameters["unusual_life_cycle"], new_model.model)
    [finding] = detector.findings(life.export())
    text = detector.explain(finding.facts)
    assert text.startswith(f"Of {finding.facts['compared_with']:,} exports that no rule finds kept")
    assert "What sets it apart: " in text
    assert "lower than nearly all" in text


def test_documents_that_follow_the_closing_document_change_nothing(new_model):
    detector = UnusualLifeCycle(POLICY.parameters["unusual_life_cycle"], new_model.model)
    [life] = population.scheme(305, 1)
    whole = life.export()
    declared = VehicleHistory.of(whole.vin, whole.documents[:-1])
    [before], [after] = detector.findings(declared), detector.findings(whole)
    assert before == after


def test_too_few_stated_features_are_not_judged(new_model):
    [life] = population.scheme(306, 1)
    bare = [
        msgspec.structs.replace(d, price_cny=None, owner_type=None) if hasattr(d, "price_cny") else d
        for d in life.export().documents
        if d.event_type != "customs_export"
    ]
    detector = UnusualLifeCycle(POLICY.parameters["unusual_life_cycle"], new_model.model)
    assert list(detector.findings(VehicleHistory.of(life.vin, bare))) == []


def test_without_a_model_the_forests_find_nothing_and_cost_nothing(new_model):
    for kind in (UnusualLifeCycle, UnusualExport):
        detector = kind(POLICY.parameters[kind.spec.id])
        [life] = population.scheme(307, 1)
        assert not detector.concerns(life.export())
        assert list(detector.findings(life.export())) == []
    assert forest_findings(engine_after(None, lives(307), batch=500)) == []


def test_another_model_is_reported_as_reconfigured(new_model, small_model):
    """A hot swap re-evaluates every vehicle; so does the removal of the model."""
    histories = lives(308)
    engine = engine_after(new_model.model, histories, batch=500)
    rules = {i for i, f in standing(engine).items() if b'"unusual_' not in f}
    result = engine.reconfigure(Catalogue(POLICY, small_model.model))
    assert result.alerts
    assert {alert.cause for alert in result.alerts} == {"reconfigured"}
    assert all(alert.detector.startswith("unusual_") for alert in result.alerts)
    assert standing(engine) == standing(engine_after(small_model.model, histories, batch=500))
    engine.reconfigure(Catalogue(POLICY))
    assert set(standing(engine)) == rules
    engine.reconfigure(Catalogue(POLICY, new_model.model))
    assert standing(engine) == standing(engine_after(new_model.model, histories, batch=500))


def test_one_vehicle_that_cannot_be_judged_stops_no_other(new_model, monkeypatch):
    histories = lives(309)
    whole = standing(engine_after(new_model.model, histories, batch=500))
    victim = next(h.vin for h in histories if h.vin.startswith("Z"))  # found by the forest
    observe = UnusualLifeCycle.observe

    def failing(self, history):
        if history.vin == victim:
            raise RuntimeError("cannot be measured")
        return observe(self, history)

    monkeypatch.setattr(UnusualLifeCycle, "observe", failing)
    engine = Engine(Catalogue(POLICY, new_model.model), MemoryStore())
    result = engine.process([as_line(d) for history in histories for d in history.documents])
    assert {failure.detector for failure in result.failures} == {"unusual_life_cycle"}
    assert engine.counters.detector_errors == {"unusual_life_cycle": 1}
    left = standing(engine)
    assert left.items() < whole.items()
    assert len(whole) - len(left) == 1


@pytest.mark.parametrize("kind", [UnusualLifeCycle, UnusualExport])
def test_validity_periods_hold_for_batches_too(new_model, kind):
    from datetime import date  # noqa: PLC0415

    parameters = msgspec.structs.replace(POLICY.parameters[kind.spec.id], valid_from=date(2099, 1, 1))
    detector: ForestDetector = kind(parameters, new_model.model)
    histories = lives(310)
    assert not any(detector.judge_batch(histories))
    assert any(detector.findings_of(histories))
