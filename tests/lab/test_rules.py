"""Rules of one's own: three commands from nothing to a backtest, and loud about every fault."""

import json
import re
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from typer.testing import CliRunner

from detectors.history import VehicleHistory
from detectors.registry import Catalogue
from streams.cli import app
from streams.lab.rule_template import new_rule
from streams.lab.rule_tests import check_rules
from streams.setup import rules as loading
from streams.setup.policy import load_policy
from streams.setup.rules import RulePlace, RulesError, load_rules, rule_of
from tests.simulated import record_country

WIDE = {"COLUMNS": "300"}


def run(*words, env=WIDE):
    return CliRunner().invoke(app, list(map(str, words)), env=env)


@pytest.fixture
def rules(tmp_path):
    new_rule("quick_export", tmp_path / "rules")
    return tmp_path / "rules"


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return record_country(tmp_path_factory.mktemp("rules") / "c.jsonl.gz", vehicles=300, seed=6)


def change(rules, before, after):
    path = rules / "quick_export" / "rule.py"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_a_new_rule_reaches_a_backtest_in_three_commands(tmp_path, monkeypatch):
    """Those of the page, as they stand there, on the demo that it names."""
    page = (Path(__file__).parents[2] / "docs" / "own-rules.md").read_text()
    commands = re.findall(r"^    zeromile (.+)$", page, re.MULTILINE)[:3]
    assert [command.split()[0] for command in commands] == ["rules", "rules", "backtest"]
    [demo] = re.findall(r"`zeromile (demo .+?)`", page)
    monkeypatch.chdir(tmp_path)
    made = run(*demo.split(), "--vehicles", "1000")
    assert made.exit_code == 0, made.output
    for command in commands:
        done = run(*command.split())
        assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "backtest" / "comparison.json").read_bytes())
    assert told["changes"]["new"] > 0
    assert set(told["by"]["detector"]) == {"quick_export"}
    assert told["load_a"] == told["load_b"], "a rule on trial asks nothing of anybody"
    assert (tmp_path / "backtest" / "comparison.html").is_file()


def test_what_it_says_is_written_once_and_never_silently_again(rules):
    path = rules / "quick_export" / "expected.json"
    assert "was written: look at it" in run("rules", "test", rules).output
    written = path.read_bytes()
    assert run("rules", "test", rules).exit_code == 0
    change(rules, "days apart", "days between")
    done = run("rules", "test", rules)
    assert done.exit_code == 1
    assert "days between" in done.output
    assert path.read_bytes() == written
    path.unlink()
    assert run("rules", "test", rules).exit_code == 0
    assert path.read_bytes() != written


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("raise KeyError('oops')", "raised KeyError"),
        ("while True: pass", "check_ends"),
        ("import random; days += random.choice([0, 1])", "check_no_clock"),
        ("import time; days += time.time() * 0", "check_no_clock"),
        ("import datetime; datetime.date.today()", "check_no_clock"),
        ("history.documents.reverse()", "check_unchanged_input"),
        ("self.seen = days", "check_unchanged_input"),
    ],
)
def test_a_rule_that_misbehaves_is_caught(rules, fault, check):
    change(rules, "        yield self.finding(", f"        {fault}\n        yield self.finding(")
    done = run("rules", "test", rules)
    assert done.exit_code == 1
    assert check in done.output
    assert not (rules / "quick_export" / "expected.json").exists()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('status="experimental"', 'status="stable"', "allowed: 'experimental'"),
        ('id="quick_export"', 'id="other"', "spec.id is 'other'; allowed: 'quick_export'"),
        ("from detectors import civil_time", "import nowhere", "cannot be loaded: ModuleNotFoundError"),
        ("class QuickExport(Detector[", "class QuickExport(list[", "holds 0 detectors; allowed: one"),
    ],
)
def test_a_rule_that_cannot_be_loaded_is_named(rules, before, after, said):
    change(rules, before, after)
    done = run("rules", "test", rules)
    assert done.exit_code == 2
    assert said in done.output
    assert "rule.py" in done.output


def test_other_faults_of_a_folder_are_named(rules, tmp_path):
    section = rules / "quick_export" / "policy.toml"
    section.write_text("[other]\n")
    assert "allowed: [quick_export] alone" in run("rules", "test", rules).output
    section.unlink()
    assert "cannot read the policy section" in run("rules", "test", rules).output
    assert "holds no rules" in run("rules", "test", tmp_path / "empty").output
    assert "names no rule" in run("rules", "new", "Quick-Export", tmp_path).output
    assert "already" in run("rules", "new", "double_sale", tmp_path).output
    assert "is there already" in run("rules", "new", "quick_export", rules).output
    (rules / "quick_export" / "firing.jsonl").write_text("{}\n")
    section.write_text('[quick_export]\nsource = "test"\nmaximum_days = 60\n')
    assert "firing.jsonl, line 1" in run("rules", "test", rules).output


def test_a_section_without_its_rule_says_what_is_missing(rules, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text("[quick_export]\nmaximum_days = 30\n")
    done = run("policy", "show", "--config", mine)
    assert done.exit_code == 2
    assert "unknown section 'quick_export'" in done.output
    assert "--rules DIR" in done.output
    shown = run("policy", "show", "--config", mine, "--rules", rules)
    assert "maximum_days = 30" in shown.output
    assert "quick_export" in run("detectors", "list", "--rules", rules).output
    assert "maximum_days" in run("detectors", "show", "quick_export", "--rules", rules).output


def test_replay_judges_by_it_in_every_process(rules, country, tmp_path):
    final = tmp_path / "final.jsonl"
    done = run(
        "replay", country, "--rules", rules, "--final", final, "--report", tmp_path / "r.html",
        "--workers", "1",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    found = [a for a in map(json.loads, final.read_bytes().splitlines()) if a["shadow"]]
    assert {alert["detector"] for alert in found} == {"quick_export"}
    assert "Quick export" in (tmp_path / "r.html").read_text()
    place = RulePlace.of(rule_of(rules / "quick_export"))
    assert place.find() is rule_of(rules / "quick_export")


def test_a_rule_that_fails_on_the_way_is_loud(rules, country):
    change(
        rules,
        "        yield self.finding(",
        "        raise KeyError('oops')\n        yield self.finding(",
    )
    done = run("replay", country, "--rules", rules, "--workers", "1")
    assert done.exit_code == 1
    assert "quick_export failed" in done.output


def test_a_promoted_rule_speaks_aloud(rules):
    policy = load_policy({"quick_export": {"promoted": "2026-11-28, by hand"}}, rules=rules)
    known = Catalogue(policy).known["quick_export"]
    assert known.spec.status == "experimental"
    assert known.spec_in_force.status == "stable"


def test_installed_packages_bring_rules(rules, monkeypatch):
    monkeypatch.syspath_prepend(str(rules))
    (rules / "quick_export" / "__init__.py").touch()
    entry = EntryPoint("quick", "quick_export.rule:QuickExport", loading.GROUP)
    monkeypatch.setattr(loading, "entry_points", lambda group: [entry])
    loading._of_packages.cache_clear()
    try:
        assert "quick_export" in Catalogue(load_policy()).detectors
        place = RulePlace.of(load_rules().detectors["quick_export"])
        assert place.file is None
        assert place.find() is load_rules().detectors["quick_export"]
        with pytest.raises(RulesError, match="already"):
            load_rules(rules)
        loading._of_packages.cache_clear()
        bad = EntryPoint("bad", "quick_export.rule:nothing", loading.GROUP)
        monkeypatch.setattr(loading, "entry_points", lambda group: [bad])
        with pytest.raises(RulesError, match=r"the rule bad .* cannot be loaded"):
            load_policy()
    finally:
        loading._of_packages.cache_clear()
        for name in [name for name in sys.modules if name.startswith("quick_export")]:
            del sys.modules[name]


def test_the_page_lists_what_a_history_offers():
    page = (Path(__file__).parents[2] / "docs" / "own-rules.md").read_text()
    offered = {name for name in dir(VehicleHistory) if not name.startswith("_")} - {"of"}
    assert {name for name in offered if f"`{name}" not in page} == set()
    helps = {"finding", "findings", "explain", "parameters"}
    assert {name for name in helps if name not in page} == set()


def test_what_is_new_passes(rules):
    [report] = check_rules(rules)
    assert report.passed
    assert report.expected == "written"
