"""Every rule against SQL that was written from its text alone, on 200,000 documents."""

from collections import Counter
from pathlib import Path

import duckdb
import pytest

from detectors.alerts import Alert, alert_id
from detectors.registry import RULES
from tests.oracle.register import write_register
from tests.property.runs import assert_all_accounted_for, run

HERE = Path(__file__).parent
DOCUMENTS = 158_000


@pytest.fixture(scope="module")
def register(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("register") / "register.jsonl"
    assert write_register(path, DOCUMENTS, seed=20260301) >= 200_000
    return path


@pytest.fixture(scope="module")
def expected(register) -> dict[str, tuple[str, str, str, str, str]]:
    """Findings of the SQL by the id of their alert."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 2")
        connection.execute("set variable register = ?", [str(register)])
        connection.execute((HERE / "live.sql").read_text(encoding="utf-8"))
        connection.execute((HERE / "rules.sql").read_text(encoding="utf-8"))
        rows = connection.execute("select detector, vin, anchor, severity, day::varchar from findings")
        return {alert_id(r[0], "vehicle", r[1], r[2]): r for r in rows.fetchall()}


@pytest.fixture(scope="module")
def firing(register) -> dict[str, Alert]:
    stream = register.read_bytes().splitlines()
    engine, firing = run(stream, range(5_000, len(stream), 5_000))
    assert_all_accounted_for(engine.counters, len(stream))
    assert engine.counters.duplicate > 1_000
    assert engine.counters.stale > 1_000
    assert engine.counters.vin_corrections > 500
    return firing


@pytest.mark.parametrize("detector", sorted(rule.spec.id for rule in RULES))
def test_agrees_with_the_query(detector, expected, firing):
    said = {
        i: (a.subject, a.severity, a.occurred_at[:10])
        for i, a in firing.items()
        if a.detector == detector
    }
    asked = {
        i: (vin, severity, day) for i, (d, vin, _, severity, day) in expected.items() if d == detector
    }
    anchors = {i: row[2] for i, row in expected.items()}
    missing = [(asked[i], anchors[i]) for i in asked.keys() - said.keys()]
    excess = [(said[i], firing[i].facts) for i in said.keys() - asked.keys()]
    other = [(asked[i], said[i]) for i in said.keys() & asked.keys() if said[i] != asked[i]]
    summary = f"{len(missing)} missing, {len(excess)} in excess, {len(other)} other, of {len(asked)}"
    disagreements = [*missing, *excess, *other]
    assert not disagreements, f"{summary}: {missing[:3]} {excess[:3]} {other[:3]}"
    least = 3 if detector == "overfull_history" else 100
    assert len(asked) >= least, "too few cases to mean anything"


def test_every_severity_of_every_detector_occurs(expected):
    seen = Counter((detector, severity) for detector, _, _, severity, _ in expected.values())
    for detector in RULES:
        for severity in detector.spec.severities:
            assert seen[detector.spec.id, severity] > 0, (detector.spec.id, severity)
