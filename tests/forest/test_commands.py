"""`zeromile train`, `model`, `replay --model` and the benchmark, as a user runs them."""

import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.models.reading import read_model
from tests.benchmarks.commands import app as benchmarks
from tests.forest import population
from tests.forest.populations import offered_window
from tests.forest.test_findings import as_line

run = CliRunner().invoke


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """A recorded stream of a window that can be trained on."""
    path = tmp_path_factory.mktemp("recorded") / "window.jsonl.gz"
    histories = offered_window(seed=61, ordinary=150, genuine=1_900, scheme=1_000)
    with gzip.open(path, "wb") as file:
        for history in histories:
            for document in history.documents:
                file.write(as_line(document).value + b"\n")
        # a later document of another car: the window reaches beyond the delay of admission
        [late] = population.ordinary(62, 1, "L")
        late.born = population.TODAY + 365 - late.age
        for _ in range(8):
            for document in late.domestic().documents:
                file.write(as_line(document).value + b"\n")
    return path


@pytest.fixture(scope="module")
def trained(recorded, tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("trained") / "model"
    command = ["train", str(recorded), "--out", str(directory), "--trees", "20", "--samples", "256"]
    result = run(app, command)
    assert result.exit_code == 0, result.output
    assert "reference: exports that no rule finds" in result.stdout
    return directory


def test_a_trained_model_judges_a_replay(trained, recorded, tmp_path):
    final = tmp_path / "final.jsonl"
    result = run(app, ["replay", str(recorded), "--model", str(trained), "--final", str(final)])
    assert result.exit_code == 0, result.output
    assert "unusual_life_cycle" in result.stdout
    alerts = [json.loads(line) for line in final.read_text().splitlines()]
    found = [alert for alert in alerts if alert["detector"] == "unusual_life_cycle"]
    assert len(found) >= 990
    assert {alert["model_id"] for alert in found} == {read_model(trained).model.model_id}
    assert all(alert["shadow"] for alert in found)
    assert all("What sets it apart" in alert["explanation"] for alert in found)


@pytest.fixture(scope="module")
def of_another_country(tmp_path_factory) -> Path:
    """Honest exports of a country where cars cost and drive otherwise."""
    path = tmp_path_factory.mktemp("another") / "country.jsonl"
    with path.open("wb") as file:
        for life in population.ordinary(64, 300, "O"):
            life.price *= 40
            life.kilometres *= 4
            for document in life.export().documents:
                file.write(as_line(document).value + b"\n")
    return path


@pytest.mark.parametrize("ways", [[], ["--batch", "500"]], ids=["backfill", "engine"])
def test_a_replay_warns_of_a_model_that_does_not_fit(
    ways, trained, recorded, of_another_country, tmp_path
):
    final = ["--final", str(tmp_path / "final.jsonl"), "--force", "--model", str(trained), *ways]
    odd = run(app, ["replay", str(of_another_country), *final])
    assert odd.exit_code == 0, odd.output
    told = " ".join(odd.stderr.split())
    assert "the model does not fit these documents" in told
    assert "exports that no rule finds lie at p <= 0.01" in told
    fitting = run(app, ["replay", str(recorded), *final])
    assert fitting.exit_code == 0, fitting.output
    assert "does not fit" not in fitting.stderr


def test_a_replay_without_a_model_has_no_forest_alerts(recorded, tmp_path):
    final = tmp_path / "final.jsonl"
    assert run(app, ["replay", str(recorded), "--final", str(final)]).exit_code == 0
    assert "unusual_" not in final.read_text()


def test_show_compare_drift_and_rollback(trained, recorded, tmp_path):
    shown = run(app, ["model", "show", str(trained)])
    assert shown.exit_code == 0
    assert read_model(trained).model.model_id in shown.stdout
    manifest = json.loads(run(app, ["model", "show", str(trained), "--json"]).stdout)
    assert manifest["population"]["offered"] == 3051
    compared = run(app, ["model", "compare", str(trained), str(trained), str(recorded)])
    assert compared.exit_code == 0
    assert "1.000" in compared.stdout
    assert [line.split() for line in compared.stdout.splitlines() if line.startswith("model ")] == [
        ["model", *[read_model(trained).model.model_id] * 2]
    ]
    nobody = tmp_path / "nobody.jsonl"
    nobody.write_bytes(gzip.decompress(recorded.read_bytes()).splitlines(keepends=True)[0])
    of_none = run(app, ["model", "compare", str(trained), str(trained), str(nobody)])
    assert of_none.exit_code == 0, of_none.output
    assert [line.split() for line in of_none.stdout.splitlines() if line.startswith("reference  ")] == [
        ["reference", "0"]
    ]
    metrics = tmp_path / "drift.prom"
    drift = run(app, ["model", "drift", str(trained), str(recorded), "--metrics", str(metrics)])
    assert drift.exit_code == 0, drift.output
    assert "zeromile_model_unusual_share" in metrics.read_text()
    rolled = run(app, ["model", "rollback", str(trained)])
    assert rolled.exit_code == 2
    assert "no previous model" in rolled.stderr


def test_training_refuses_a_window_without_a_reference(tmp_path):
    path = tmp_path / "exports.jsonl"
    with path.open("wb") as file:
        for life in population.scheme(63, 50):
            for document in life.export().documents:
                file.write(as_line(document).value + b"\n")
    result = run(app, ["train", str(path), "--out", str(tmp_path / "model")])
    assert result.exit_code == 1
    assert "needs at least 1,000 vehicles and was offered 0" in " ".join(result.stderr.split())
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["replay", "{file}", "--model", "{nowhere}"], "no model directory"),
        (["model", "show", "{nowhere}"], "no model directory"),
        (["model", "compare", "default", "{nowhere}"], "no model directory"),
        (["train", "{nowhere}", "--out", "{folder}"], "nowhere"),
        (["train", "{file}", "--out", "{file}"], "not a folder"),
        (["train", "{file}", "--out", "{folder}", "--trees", "1"], "greater than or equal to"),
    ],
)
def test_wrong_use_is_told_and_exits_with_2(command, message, recorded, tmp_path):
    places = {"file": recorded, "nowhere": tmp_path / "nowhere", "folder": tmp_path / "m"}
    result = run(app, [word.format(**places) for word in command])
    assert result.exit_code == 2
    assert message in " ".join(result.output.split()) + " ".join(result.stderr.split())


def test_the_model_that_ships_is_sound_and_finds_textbook_exports():
    shown = run(app, ["model", "show", "default", "--json"])
    assert shown.exit_code == 0, shown.output
    manifest = json.loads(shown.stdout)
    assert manifest["reference"]["metrics"]["textbook_found"] >= 0.94
    assert manifest["reference"]["held_out"] >= 1_000
    assert manifest["size"] < 3_000_000
    assert manifest["exports"] is not None


def test_bench_forest_prints_both_tables():
    result = run(benchmarks, ["forest", "--repetitions", "1", "--explained", "20"])
    assert result.exit_code == 0, result.output
    assert "scikit-learn" in result.stdout
    assert "path attribution" in result.stdout
