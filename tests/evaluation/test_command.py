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


def test_every_scheme_with_complete_documents_is_found(card):
    assert len(card["schemes"]) == 15
    for row in card["schemes"]:
        assert row["provable"] >= 4, row
        assert row["recall"] >= 0.98, row
        assert row["recall_alerts"] >= 0.98, row


def test_double_sale_accuses_hardly_any_look_alike(card):
    decoys = [row for row in card["look_alikes"] if row["look_alike"] != "ordinary"]
    accused = sum(row["by_detector"].get("double_sale", 0) for row in decoys)
    assert len(decoys) >= 22
    assert accused <= 0.01 * sum(row["vehicles"] for row in decoys)


def test_alerts_come_when_the_last_document_does(card):
    delays = {row["detector"]: row["since_visible"] for row in card["detectors"]}
    assert delays["double_sale"]["p95"] <= 1
    assert delays["zero_mileage_export"]["p95"] <= 1
    # Deadlines wait for the feed to be complete.
    assert 5 <= delays["deregistration_overdue"]["median"] <= 45


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
    for one, other in zip(card["detectors"], again["detectors"], strict=True):
        for key in ("expected", "found", "firing", "right", "wrong"):
            assert one[key] == other[key], (one["detector"], key)
        assert other["since_provable"] is None
    assert again["refusals"] is None


def test_the_table_names_every_class(stream, alerts):
    out, truth = stream
    result = run(out, "--truth", truth, "--alerts", alerts)
    assert result.exit_code == 0
    for word in ("double_sale", "wholesale_chain", "ordinary", "Provincial spikes", "before_stream"):
        assert word in result.stdout


def test_a_worse_policy_shows(stream, tmp_path):
    """The card can tell a bad detector from a good one."""
    out, truth = stream
    config = tmp_path / "policy.toml"
    config.write_text("[double_sale]\nwindow_days = 3\n[zero_mileage_export]\nmaximum_km = 20000\n")
    alerts = tmp_path / "alerts.jsonl"
    runner.invoke(app, ["replay", str(out), "--config", str(config), "--alerts", str(alerts)])
    result = run(out, "--truth", truth, "--alerts", alerts, "--json")
    rows = {row["detector"]: row for row in json.loads(result.stdout)["detectors"]}
    assert rows["double_sale"]["recall"] < 0.9
    assert rows["zero_mileage_export"]["precision"] < 0.97


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


def test_what_a_model_finds_is_told_by_class_and_is_no_accusation(stream):
    without = json.loads(run(stream[0], "--truth", stream[1], "--json").output)
    card = json.loads(run(stream[0], "--truth", stream[1], "--model", "default", "--json").output)
    rates = {(r["detector"], r["label"]): r["rate"] for r in card["unusual"]}
    assert rates["unusual_life_cycle", "zero_mileage_export"] > 0.9
    assert rates["unusual_life_cycle", "ordinary"] < 0.02
    assert without["unusual"] == []
    assert card | {"unusual": []} == without
