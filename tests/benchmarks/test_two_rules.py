"""The common job is the same job: the peers' rules find what zeromile finds."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from tests.benchmarks.__main__ import parse_rates
from tests.benchmarks.environments import (
    PeerUnavailableError,
    classes_of,
    program,
    python_with,
    reason_of,
)
from tests.benchmarks.latency import EVERY, _shares, document
from tests.benchmarks.peers.two_rules import judge
from tests.benchmarks.peers_job import OURS, Standings, Stream, _report, _round
from tests.benchmarks.programs import ALL_PEERS, PEERS, Job
from tests.benchmarks.two_rule_stream import (
    END_VEHICLES,
    RULES,
    expected_alerts,
    two_rule_policy,
    two_rule_stream,
)
from tests.benchmarks.watching import Standing, Taken


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "policy.toml"
    path.write_text(two_rule_policy(), "utf-8")
    return path


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert two_rule_stream(3, 200) == two_rule_stream(3, 200) != two_rule_stream(4, 200)


def test_the_peers_rules_are_ours(policy: Path, tmp_path: Path) -> None:
    lines = two_rule_stream(5, 2_000)
    states: dict[str, dict[str, object]] = {}
    found = set()
    for line in lines:
        document = json.loads(line)
        vin = document["vin"]
        states[vin], fired = judge(states.get(vin), document)
        found |= {(vin, rule) for rule in fired}
    assert found == expected_alerts(lines, policy, tmp_path)
    assert {rule for _, rule in found} == set(RULES)
    assert len(found) > 2 * END_VEHICLES


def test_alerts_of_both_shapes_are_followed() -> None:
    standing = Standing()
    expected = {("V", "flash_registration"), ("V", "double_sale")}
    assert standing.lacks(expected) == 2
    ours = {"alert_id": "a", "subject": "V", "detector": "double_sale"}
    standing.take({"vin": "V", "rule": "flash_registration"})
    standing.take(ours | {"state": "firing"})
    assert standing.lacks(expected) == 0
    standing.take(ours | {"alert_id": "b", "state": "firing"})
    standing.take(ours | {"state": "resolved"})
    assert standing.lacks(expected) == 0
    assert standing.alerts() == expected
    standing.take(ours | {"alert_id": "b", "state": "resolved"})
    assert standing.lacks(expected) == 1


def _runs(*cpu: float, alerts: set[tuple[str, str]]) -> list[Taken]:
    return [Taken(seconds, 1.0, 10.0, 0.1, alerts) for seconds in cpu]


STREAMS = [Stream("short", [b"x"] * 10, {("V", "r")}), Stream("long", [b"x"] * 110, {("V", "r")})]


def test_a_round_counts_the_difference_of_both_runs() -> None:
    standings = Standings()
    runs = iter(_runs(1.0, 5.0, alerts={("V", "r")}))
    _round(OURS, lambda _: next(runs), STREAMS, standings)
    measured = _report(standings, STREAMS[1], {"seed": 1}).row(OURS).measured
    assert measured["documents per CPU second"].values == [25.0]


@pytest.mark.parametrize(("longer", "told"), [(5.0, True), (3.5, False)])
def test_too_small_a_difference_gives_no_ratio(longer: float, told: bool) -> None:
    standings = Standings()
    for name, seconds in ((OURS, 5.0), ("Peer", longer)):
        runs = iter(_runs(1.0, seconds, alerts={("V", "r")}))
        _round(name, lambda _, runs=runs: next(runs), STREAMS, standings)
    report = _report(standings, STREAMS[1], {"seed": 1})
    ratio = report.row("Peer").measured["documents per CPU second"].ratio
    assert (ratio is not None) is told
    assert any("3 s" in note for note in report.notes) is not told


def test_a_peer_with_other_alerts_fails_the_check() -> None:
    standings = Standings()
    runs = iter(_runs(1.0, 3.0, alerts={("V", "r"), ("W", "r")}))
    _round("Peer", lambda _: next(runs), STREAMS, standings)
    checks = _report(standings, STREAMS[1], {"seed": 1}).checks
    assert [check.held for check in checks] == [False]


def test_a_peer_that_cannot_be_installed_is_skipped_with_the_reason() -> None:
    def unavailable(_: Stream) -> Taken:
        raise PeerUnavailableError("java is not installed")

    standings = Standings()
    _round("Peer", unavailable, STREAMS, standings)
    skipped = _report(standings, STREAMS[1], {"seed": 1}).skipped
    assert [(s.name, s.reason) for s in skipped] == [("Peer", "java is not installed")]


def test_an_environment_that_cannot_be_made_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Looking in links\nERROR: No matching distribution found for nowhere==1.0\n"
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr=said)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("tests.benchmarks.environments.subprocess.run", lambda *_, **__: failed)
    with pytest.raises(PeerUnavailableError, match="cannot be installed: ERROR: No matching"):
        python_with("nothing", ["nowhere==1.0"])
    with pytest.raises(PeerUnavailableError, match="no-such-program is not installed"):
        program("no-such-program")


def test_the_reason_is_the_line_that_names_the_error() -> None:
    assert reason_of("Looking\nERROR: no version\nmore") == "ERROR: no version"
    assert reason_of("") == "no reason given"


@pytest.mark.parametrize("file", ["faust_app.py", "quix_app.py", "bytewax_app.py"])
def test_the_peers_programs_compile(file: str) -> None:
    subprocess.run([sys.executable, "-m", "py_compile", str(PEERS / file)], check=True)  # noqa: S603


def test_flink_s_statements_are_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.benchmarks.programs.jars_of", lambda *_: tmp_path)
    monkeypatch.setattr("tests.benchmarks.programs.program", lambda name: name)
    [flink] = [peer for peer in ALL_PEERS if peer.name == "Flink SQL"]
    flink.command(Job("localhost:1", ["a", "b"], "alerts", 2, tmp_path))
    written = (tmp_path / "two_rules.sql").read_text("utf-8")
    assert "'topic' = 'a;b'" in written
    assert "$" not in written


def test_the_peers_in_java_are_told_where_to_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.benchmarks.programs.jars_of", lambda *_: tmp_path / "jars")
    monkeypatch.setattr("tests.benchmarks.programs.classes_of", lambda *_: tmp_path / "classes")
    monkeypatch.setattr("tests.benchmarks.programs.program", lambda name: name)
    job = Job("localhost:1", ["a", "b"], "alerts", 2, tmp_path)
    commands = {peer.name: peer.command(job) for peer in ALL_PEERS if peer.name != "Flink SQL"}
    told = ["localhost:1", "a,b", "alerts", str(tmp_path)]
    assert commands["Flink DataStream"][-5:] == ["DataStreamPeer", *told]
    assert commands["Kafka Streams"][-6:] == ["KafkaStreamsPeer", *told, "bare"]
    assert commands["Kafka Streams, whole documents"][-1] == "whole"
    assert f"{tmp_path / 'classes'}:{tmp_path / 'jars'}/*" in commands["Kafka Streams"]


def test_sources_that_do_not_compile_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "Wrong.java"
    source.write_text("class Wrong { int no() { return; } }", "utf-8")
    compiler = tmp_path / "javac"
    compiler.write_text(
        '#!/bin/sh\necho "Wrong.java:1: error: missing return value" >&2; exit 1\n', "utf-8"
    )
    compiler.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(PeerUnavailableError, match="missing return value"):
        classes_of("wrong", tmp_path, [source])


def test_every_so_often_a_document_completes_an_alert(tmp_path: Path, policy: Path) -> None:
    documents = [document(number) for number in range(5 * EVERY)]
    lines = [line for _, line, _ in documents]
    completing = {vin.decode() for vin, _, completes in documents if completes}
    found = expected_alerts(lines, policy, tmp_path)
    assert {vin for vin, rule in found if rule == "double_sale"} == completing
    assert len(completing) == 5


def test_a_percentile_needs_an_age_beyond_it() -> None:
    assert [quantity.name for quantity in _shares([0.1] * 100)] == ["p50", "p99"]
    assert [quantity.name for quantity in _shares([0.1] * 1000)] == ["p50", "p99", "p99.9"]


@pytest.mark.parametrize("text", ["", "fast", "0", "100,-1", "1000000"])
def test_rates_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="whole numbers from 1 to 100000"):
        parse_rates(text)
    assert parse_rates("100,2000") == [100, 2000]
