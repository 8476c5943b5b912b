"""Detectors on trial: what they say beside the others, and a promotion that rests on it."""

import datetime
import json

import pytest
from typer.testing import CliRunner

from detectors.registry import Catalogue
from streams.cli import app
from streams.lab.promotion import PromotionError, promote
from streams.lab.rule_template import new_rule
from streams.setup.policy import load_policy
from tests.fixtures.loading import FOLDER

TODAY = datetime.date(2026, 11, 28)


def run(*words):
    return CliRunner().invoke(app, list(map(str, words)), env={"COLUMNS": "300"})


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shadow") / "rules"
    new_rule("quick_export", folder)
    return folder


@pytest.fixture(scope="module")
def reported(rules, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    stream = FOLDER / "flash_registration" / "firing.jsonl"
    words = ["shadow", "report", stream, "--rules", rules, "--workers", "1"]
    done = run(*words, "--out", folder / "shadow.json")
    assert done.exit_code == 0, done.output
    return folder / "shadow.json", done


def test_the_report_says_what_promotion_would_add(reported, rules, tmp_path):
    path, done = reported
    report = json.loads(path.read_bytes())
    [one] = [row for row in report["detectors"] if row["detector"] == "quick_export"]
    assert one["alerts"] > 0
    assert one["known"] + one["added_vehicles"] == one["vehicles"]
    assert sum(count > 0 for count in one["beside"].values()) > 0
    assert one["samples"][0]["explanation"]
    assert "quick_export" in done.output
    final = tmp_path / "final.jsonl"
    stream = FOLDER / "flash_registration" / "firing.jsonl"
    assert run("replay", stream, "--rules", rules, "--final", final, "--workers", "1").exit_code == 0
    alerts = [json.loads(line) for line in final.read_bytes().splitlines()]
    own = {a["subject"] for a in alerts if a["detector"] == "quick_export"}
    loud = {a["subject"] for a in alerts if not a["shadow"]}
    assert (one["vehicles"], one["known"]) == (len(own), len(own & loud))
    assert report["loud_vehicles"] == len(loud)


def test_a_report_says_up_to_which_day_it_speaks(reported, rules, tmp_path):
    stream = FOLDER / "flash_registration" / "firing.jsonl"
    newest = max(json.loads(line)["occurred_at"][:10] for line in stream.read_bytes().splitlines())
    assert json.loads(reported[0].read_bytes())["through"] == newest
    out = tmp_path / "shadow.json"
    words = ["shadow", "report", stream, "--rules", rules, "--workers", "1", "--to", "2020-01-01"]
    assert run(*words, "--out", out).exit_code == 0
    assert json.loads(out.read_bytes())["through"] == "2020-01-01"


def made(reported, folder, day, through=None):
    path = folder / "shadow.json"
    days = {"made_on": day.isoformat(), "through": (through or day).isoformat()}
    path.write_text(json.dumps(json.loads(reported[0].read_bytes()) | days))
    return path


def promoted(rules, config, report, forced=None, name="quick_export"):
    policy = load_policy(config if config.exists() else None, rules=rules)
    return promote(name, config, policy, report, forced=forced, today=TODAY)


def test_a_promotion_is_one_line_and_in_the_log(reported, rules, tmp_path):
    config = tmp_path / "mine.toml"
    config.write_text("# ours\n[double_sale]\nwindow_days = 9 # for now\n")
    fresh = made(reported, tmp_path, TODAY - datetime.timedelta(days=30))
    promoted(rules, config, fresh)
    text = config.read_text()
    assert text.startswith("# ours\n[double_sale]\nwindow_days = 9 # for now\n")
    assert 'promoted = "2026-11-28: report shadow.json of 2026-10-29"' in text
    known = Catalogue(load_policy(config, rules=rules)).known["quick_export"]
    assert known.spec_in_force.status == "stable"
    [line] = map(json.loads, (tmp_path / "promotions.jsonl").read_text().splitlines())
    assert (line["detector"], line["forced"]) == ("quick_export", None)
    with pytest.raises(PromotionError, match="promoted already"):
        promoted(rules, config, fresh)


def test_without_a_fresh_report_it_takes_a_reason(reported, rules, tmp_path):
    config = tmp_path / "mine.toml"
    with pytest.raises(PromotionError, match="no report was given; allowed"):
        promoted(rules, config, None)
    old = made(reported, tmp_path, TODAY - datetime.timedelta(days=31))
    with pytest.raises(PromotionError, match="31 days ago"):
        promoted(rules, config, old)
    with pytest.raises(PromotionError, match="-1 days ago"):
        promoted(rules, config, made(reported, tmp_path, TODAY + datetime.timedelta(days=1)))
    stale = made(reported, tmp_path, TODAY, TODAY - datetime.timedelta(days=31))
    with pytest.raises(PromotionError, match="speaks of days up to 2026-10-28, 31 days ago"):
        promoted(rules, config, stale)
    with pytest.raises(PromotionError, match="no report was given"):
        promoted(rules, config, None, forced="  ")
    assert not config.exists()
    promoted(rules, config, None, forced="the ministry asks")
    assert "no report; forced: the ministry asks" in config.read_text()
    assert "the ministry asks" in (tmp_path / "promotions.jsonl").read_text()


def test_what_cannot_be_promoted_is_told(reported, rules, tmp_path):
    config = tmp_path / "mine.toml"
    with pytest.raises(PromotionError, match="double_sale is not on trial"):
        promoted(rules, config, reported[0], name="double_sale")
    with pytest.raises(PromotionError, match="needs --rules DIR"):
        promoted(None, config, reported[0])
    with pytest.raises(PromotionError, match="cannot read the report"):
        promoted(rules, config, tmp_path / "nothing.json")
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps(json.loads(reported[0].read_bytes()) | {"detectors": []}))
    with pytest.raises(PromotionError, match="says nothing of quick_export"):
        promoted(rules, config, bare)
    done = run("shadow", "promote", "quick_export", "--config", config, "--rules", rules)
    assert done.exit_code == 2
    assert "no report was given" in done.output
