"""The catalogue of detectors: what people read about a rule, and what the policy says of it."""

import inspect
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from detectors.base import Detector, Parameters
from detectors.findings import SEVERITIES
from detectors.near_misses import near_misses
from detectors.registry import DETECTORS, FORESTS, RULES
from streams.setup.policy import load_policy, shipped_policy_text
from tests.fixtures.loading import FOLDER, KINDS, NAMES, histories, stream

POLICY = load_policy()
RULE_IDS = [rule.spec.id for rule in RULES]
ROOT = Path(__file__).parents[2]

each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.spec.id)
each_detector = pytest.mark.parametrize("rule", [*RULES, *FORESTS], ids=lambda rule: rule.spec.id)


def test_ids_are_unique():
    assert len(RULES) + len(FORESTS) == len(DETECTORS)
    assert len({detector.spec.title for detector in DETECTORS.values()}) == len(DETECTORS)


def test_every_rule_file_is_in_the_catalogue_and_has_fixtures():
    files = {path.stem for path in (ROOT / "detectors/rules").glob("*.py")} - {"__init__"}
    assert files == set(RULE_IDS) == set(NAMES)
    assert files <= set(DETECTORS)


@each_detector
def test_the_id_is_the_file_name(rule: type[Detector[Parameters]]):
    assert Path(inspect.getfile(rule)).stem == rule.spec.id


@each_detector
def test_the_spec_tells_all_that_a_reader_needs(rule: type[Detector[Parameters]]):
    spec = rule.spec
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", spec.id)
    assert spec.version >= 1
    assert spec.severities == tuple(s for s in SEVERITIES if s in spec.severities) != ()
    for text in (spec.description, spec.abnormal_because, spec.known_gaps, spec.look_alikes):
        assert text.strip().endswith("."), text
        assert "  " not in text, text
    assert spec.references
    assert all(reference.strip() for reference in spec.references)
    assert (rule.__doc__ or "").strip().endswith(".")


@each_detector
def test_the_runbook_has_two_or_three_steps_and_a_time_to_look_at(rule: type[Detector[Parameters]]):
    runbook = rule.spec.runbook
    assert 2 <= len(runbook) <= 3
    assert all(step.endswith((".", "?")) for step in runbook)
    assert any(re.search(r"\b(days?|months?|\d{4}-\d\d-\d\d)\b", step) for step in runbook)


@each_detector
def test_every_threshold_is_documented_and_has_limits(rule: type[Detector[Parameters]]):
    kinds = [kind for kind in rule.parameters_type.mro() if issubclass(kind, Parameters)]
    source = "\n".join(inspect.getsource(kind) for kind in kinds)
    for field in msgspec.structs.fields(rule.parameters_type):
        if field.name in {f.name for f in msgspec.structs.fields(Parameters)}:
            continue
        if field.name == "restrictions":
            continue  # a table whose own fields are documented in Restriction
        assert re.search(rf'{field.name}: .*\n    """', source), f"{field.name} is not documented"
        if "Annotated" not in str(field.type) and field.type in (int, float):
            pytest.fail(f"{field.name} has no limits")


@each_detector
def test_the_policy_names_the_source_of_its_thresholds(rule: type[Detector[Parameters]]):
    section = tomllib.loads(shipped_policy_text())[rule.spec.id]
    assert len(section["source"]) > 10 or section["source"] == "Assumption"
    assert POLICY.parameters[rule.spec.id].enabled


@each_rule
def test_margins_name_a_threshold_and_a_fact_that_findings_hold(rule: type[Detector[Parameters]]):
    names = {field.name for field in msgspec.structs.fields(rule.parameters_type)}
    detector = rule(POLICY.parameters[rule.spec.id])
    found = [f for h in histories(stream(rule.spec.id, "firing")).values() for f in detector.judge(h)]
    for margin in rule.margins:
        assert margin.parameter in names
        assert margin.factor > 0
        assert margin.factor != 1
        assert all(margin.fact in finding.facts for finding in found)


@each_rule
def test_margins_show_what_nearly_fires(rule: type[Detector[Parameters]]):
    detector = rule(POLICY.parameters[rule.spec.id])
    quiet = histories(stream(rule.spec.id, "quiet")).values()
    shown = {miss.parameter for history in quiet for miss in near_misses(history, detector)}
    assert shown == {margin.parameter for margin in rule.margins}


@each_rule
def test_every_severity_of_the_spec_is_shown_in_a_fixture(rule: type[Detector[Parameters]]):
    labels = stream(rule.spec.id, "firing").expected
    shown = {label.severity for label in labels if label.detector == rule.spec.id}
    assert shown == set(rule.spec.severities)


def test_both_fixtures_exist():
    for name in RULE_IDS:
        for which in KINDS:
            assert (FOLDER / name / f"{which}.jsonl").stat().st_size > 0
