"""Rules, their tests, the runbook: checked by Prometheus's own tools and against the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import promql_parser
import pytest

from streams.service.metrics import metric_families
from streams.store.metrics import SinkMetrics
from tests.deploy.files import DEPLOY, RULES, load, promql_of_dashboards, rules
from tests.deploy.processes import program

FOLDER = DEPLOY / "prometheus"
OF_PROMETHEUS = {"up", "ALERTS"}
ALERTS = [rule for rule in rules() if "alert" in rule]
RECORDS = {rule["record"] for rule in rules() if "record" in rule}


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(a) for a in arguments], capture_output=True, text=True, check=False, timeout=120
    )


def test_rules_and_configuration_are_accepted():
    for arguments in (
        ("check", "rules", *RULES),
        ("check", "config", FOLDER / "prometheus.yml"),
        ("check", "config", FOLDER / "host.yml"),
    ):
        done = run(program("promtool"), *arguments)
        assert done.returncode == 0, done.stdout + done.stderr


def test_rules_behave_as_their_tests_say():
    done = run(program("promtool"), "test", "rules", *sorted((FOLDER / "tests").glob("*.yml")))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_broken_rule_is_noticed(tmp_path: Path):
    shutil.copytree(FOLDER, tmp_path / "prometheus")
    path = tmp_path / "prometheus" / "rules" / "domain.yml"
    path.write_text(path.read_text("utf-8").replace(">= 10", ">= 1000"), "utf-8")
    done = run(program("promtool"), "test", "rules", tmp_path / "prometheus" / "tests" / "domain.yml")
    assert done.returncode != 0


def test_every_alert_has_a_test_that_fires_it_and_one_that_does_not():
    for rule in ALERTS:
        name = rule["alert"]
        fires = quiet = 0
        for path in (FOLDER / "tests").glob("*.yml"):
            for test in load(path)["tests"]:
                for case in test.get("promql_expr_test", []):
                    pattern = re.search(r'alertname=~?"([^"]+)"', case["expr"])
                    if pattern and re.fullmatch(pattern[1], name):
                        fires += bool(case["exp_samples"])
                        quiet += not case["exp_samples"]
                for case in test.get("alert_rule_test", []):
                    if case["alertname"] == name:
                        fires += bool(case.get("exp_alerts"))
                        quiet += not case.get("exp_alerts")
        assert fires, f"{name} is never seen firing"
        assert quiet, f"{name} is never seen quiet"


def test_every_alert_says_what_why_and_what_to_do():
    headings = {
        line.removeprefix("## ").strip()
        for line in (DEPLOY / "RUNBOOK.md").read_text("utf-8").splitlines()
        if line.startswith("## ")
    }
    assert headings == {rule["alert"] for rule in ALERTS}, "one section an alert"
    for rule in ALERTS:
        notes = rule["annotations"]
        assert notes["runbook_url"] == f"deploy/RUNBOOK.md#{rule['alert'].lower()}"
        assert {"summary", "description"} <= set(notes)
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["labels"]["audience"] in {"operators", "analysts"}


def selectors(expr: str) -> list[promql_parser.VectorSelector]:
    """Every selector of series in an expression."""
    found: list[promql_parser.VectorSelector] = []

    def walk(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
            return
        for name in ("expr", "lhs", "rhs", "vector_selector", "param"):
            child = getattr(node, name, None)
            if child is not None and not isinstance(child, str | float | int):
                walk(child)
        for child in getattr(node, "args", None) or []:
            walk(child)

    walk(promql_parser.parse(expr))
    return found


def known_series() -> set[str]:
    families = dict(metric_families())
    for family in SinkMetrics().registry.collect():
        families[family.name + ("_total" if family.type == "counter" else "")] = family.documentation
    suffixes = ("", "_bucket", "_sum", "_count", "_info")
    return {name + suffix for name in families for suffix in suffixes} | RECORDS | OF_PROMETHEUS


EXPRESSIONS = [(query.where, query.text) for query in promql_of_dashboards()]
EXPRESSIONS += [(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]


@pytest.mark.parametrize(("where", "expr"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_every_expression_parses_and_names_only_series_that_exist(where: str, expr: str):
    names = {selector.name for selector in selectors(expr)}
    assert names
    assert names <= known_series(), f"{where} names {names - known_series()}"


def test_the_receivers_exist_and_the_webhook_is_put_in(tmp_path: Path):
    template = DEPLOY / "alertmanager" / "alertmanager.yml"
    for url, expected in (("http://h/?a=1&b=2|\\3", 2), ("", 0)):
        rendered = tmp_path / "alertmanager.yml"
        start = str(DEPLOY / "alertmanager" / "start.sh")
        started = subprocess.run(
            ["/bin/sh", start, str(template), str(rendered), "echo"],
            env=os.environ | {"ZEROMILE_WEBHOOK_URL": url}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert started.stdout.strip() == f"--config.file={rendered}"
        content = load(rendered) if url != "http://h/?a=1&b=2|\\3" else None
        if content is None:
            text = rendered.read_text("utf-8")
            assert text.count(url) == expected
            assert "@WEBHOOK_URL@" not in text
            continue
        assert not any("webhook_configs" in receiver for receiver in content["receivers"])
        checked = run(program("amtool"), "check-config", rendered)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_routes_lead_to_the_people_concerned(tmp_path: Path):
    rendered = tmp_path / "alertmanager.yml"
    text = (DEPLOY / "alertmanager" / "alertmanager.yml").read_text("utf-8")
    rendered.write_text(text.replace("@WEBHOOK_URL@", "http://127.0.0.1:1/"), "utf-8")
    for rule in ALERTS:
        audience = rule["labels"]["audience"]
        done = run(
            program("amtool"), "config", "routes", "test", f"--config.file={rendered}",
            f"--verify.receivers={audience}", f"alertname={rule['alert']}", f"audience={audience}",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    inhibited = set(re.findall(r"Zeromile\w+", text))
    assert inhibited <= {rule["alert"] for rule in ALERTS}


def test_detectors_on_trial_call_nobody():
    counted = [
        (rule, selector)
        for rule in rules()
        for selector in selectors(rule["expr"])
        if selector.name == "zeromile_alert_changes_total"
    ]
    told_apart = {
        rule.get("record")
        for rule, _ in counted
        if "by (detector, severity, state, shadow)" in rule["expr"]
    }
    assert told_apart == {"detector_severity_state_shadow:zeromile_alert_changes:increase1h"}
    for rule, selector in counted:
        if rule.get("record") not in told_apart:
            labels = {matcher.name: matcher.value for matcher in selector.matchers.matchers}
            assert labels["shadow"] == "false", rule
