"""`zeromile evaluate` on a fresh country."""

import datetime
import gzip
import json

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.simulator import load_country, simulate

runner = CliRunner()


def run(*arguments):
    return runner.invoke(app, ["evaluate", *map(str, arguments)], env={"COLUMNS": "220"})


@pytest.fixture(scope="module")
def stream(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluate")
    out, truth = folder / "country.jsonl.gz", folder / "truth.jsonl.gz"
    simulate(
        load_country(), vehicles=8_000, days=640, seed=20_261_121, export_share=0.4,
        start=datetime.date(2025, 1, 1).toordinal(), out=out, truth=truth,
    )  # fmt: skip
    return out, truth


@pytest.fixture(scope="module")
def card(stream):
    out, truth = stream
    result = run(out, "--truth", truth, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def kinds(card):
    return {row["kind"]: row for row in card["kinds"]}


def test_the_card_says_who_is_accused(card):
    rows = kinds(card)
    assert set(rows) == {"scheme", "innocent", "ordinary"}
    assert rows["scheme"]["accused"]["share"] > 0.8
    assert rows["scheme"]["accused_complete"]["share"] >= rows["scheme"]["accused"]["share"]
    assert rows["ordinary"]["accused"]["share"] < 0.02
    for row in card["stories"]:
        assert row["accused"]["low"] <= row["accused"]["share"] <= row["accused"]["high"]
    assert len({row["story"] for row in card["stories"] if row["kind"] == "scheme"}) == 13


def test_alerts_come_soon_after_the_first_document(card):
    days = {row["story"]: row["days"] for row in card["stories"]}
    assert days["double_sale"]["median"] <= 10
    assert days["odometer_rollback"]["median"] > days["double_sale"]["median"]


def test_naive_orders_stand_beside(card):
    orders = {row["order"] for row in card["budgets"]}
    assert {"alerts by score", "youngest export first"} <= orders
    assert card["vehicles_accused_a_week"] > 1
    assert card["at_base_rate"]["low"] < card["at_base_rate"]["precision"]


def test_every_unreadable_line_is_refused_and_no_other(card):
    assert card["refusals"]["passed"] == card["refusals"]["refused_wrongly"] == 0
    assert card["refusals"]["malformed"] > 20


def test_provincial_spikes_are_scored(card):
    row = next(row for row in card["spikes"] if row["detector"] == "province_export_spike")
    assert row["spikes"] >= 8
    assert row["found"] + len(row["missed"]) == row["spikes"]
    # Exports of a year and a half say little about what is usual; three years find nearly all.
    assert row["found"] >= 1
    assert row["days_to_detection"]["median"] <= 14
    assert row["alerts"] - row["wrong"] >= row["found"]


def test_no_detector_failed(card):
    assert card["detector_errors"] == 0


@pytest.fixture(scope="module")
def alerts(stream, tmp_path_factory):
    path = tmp_path_factory.mktemp("alerts") / "alerts.jsonl"
    assert runner.invoke(app, ["replay", str(stream[0]), "--alerts", str(path)]).exit_code == 0
    return path


def test_scores_alerts_of_a_replay_alike(stream, card, alerts):
    out, truth = stream
    result = run(out, "--truth", truth, "--alerts", alerts, "--json")
    again = json.loads(result.stdout)
    assert card["detectors"] == again["detectors"]
    assert card["kinds"] == again["kinds"]
    assert again["vehicles_accused_a_week"] is None
    assert again["refusals"] is None


def test_the_table_names_every_class(stream, alerts):
    out, truth = stream
    result = run(out, "--truth", truth, "--alerts", alerts)
    assert result.exit_code == 0
    for word in ("double_sale", "wholesale_chain", "ordinary", "Provincial spikes"):
        assert word in result.stdout


def test_a_worse_policy_shows(stream, card, tmp_path):
    """The card can tell a bad detector from a good one."""
    out, truth = stream
    config = tmp_path / "policy.toml"
    config.write_text("[double_sale]\nwindow_days = 3\n[zero_mileage_export]\nmaximum_km = 20000\n")
    alerts = tmp_path / "alerts.jsonl"
    runner.invoke(app, ["replay", str(out), "--config", str(config), "--alerts", str(alerts)])
    result = run(out, "--truth", truth, "--alerts", alerts, "--json")
    worse = json.loads(result.stdout)
    assert kinds(worse)["innocent"]["accused"]["count"] > kinds(card)["innocent"]["accused"]["count"]
    assert worse["at_base_rate"]["precision"] < card["at_base_rate"]["precision"]


def test_answers_of_any_system_are_scored(stream, tmp_path):
    out, truth = stream
    answers = tmp_path / "answers.csv"
    answers.write_text("vehicle,score\nLSVAU2180N2183294,1\n")
    scored = json.loads(run(out, "--truth", truth, "--answers", answers, "--json").stdout)
    assert kinds(scored)["ordinary"]["accused"]["count"] == 1
    result = run(out, "--truth", truth, "--answers", answers, "--alerts", answers)
    assert result.exit_code == 2
    assert "not both" in result.output


def test_truth_of_another_stream_is_refused(stream, tmp_path):
    out, truth = stream
    other = tmp_path / "other.jsonl"
    other.write_bytes(b"\n".join(gzip.decompress(out.read_bytes()).splitlines()[:100]))
    result = run(other, "--truth", truth)
    assert result.exit_code == 2
    assert "another stream" in result.output


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('{"record":"vehicle","vin":1}', "line 1"),
        ("nonsense", "line 1"),
        ('{"record":"malformed","line":1,"reason":"x","sent_again":true}', "country"),
    ],
)
def test_a_wrong_truth_file_is_refused(stream, tmp_path, content, named):
    path = tmp_path / "truth.jsonl"
    path.write_text(content + "\n")
    result = run(stream[0], "--truth", path)
    assert result.exit_code == 2
    assert named in result.output
    assert "truth.jsonl" in result.output.replace("\n", "")


def test_wrong_alerts_are_refused(stream, tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"alert_id":7}\n')
    result = run(stream[0], "--truth", stream[1], "--alerts", path)
    assert result.exit_code == 2
    assert "line 1" in result.output


def test_a_missing_file_is_named(tmp_path, stream):
    result = run(tmp_path / "none.jsonl", "--truth", stream[1])
    assert result.exit_code == 2
    assert "none.jsonl" in result.output.replace("\n", "")


@pytest.mark.parametrize(("option", "what"), [("--config", "policy"), ("--model", "model")])
def test_a_policy_or_a_model_for_written_alerts_is_refused(stream, tmp_path, option, what):
    path = tmp_path / "x"
    path.write_text("")
    result = run(stream[0], "--truth", stream[1], "--alerts", path, option, path)
    assert result.exit_code == 2
    assert f"a {what} changes nothing" in result.output


def test_what_is_on_trial_accuses_nobody(stream):
    without = json.loads(run(stream[0], "--truth", stream[1], "--json").output)
    card = json.loads(run(stream[0], "--truth", stream[1], "--model", "default", "--json").output)
    assert any(row["on_trial"] for row in card["detectors"])
    assert card["kinds"] == without["kinds"]
    assert card["budgets"] == without["budgets"]
