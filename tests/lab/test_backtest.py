"""Two policies side by side: the difference is that of two full replays."""

import json

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from streams.cli import app
from streams.lab.sweep import SweepError, parse_sweep
from tests.simulated import record_country

run = CliRunner().invoke
ALONE = ("--workers", "1")


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return record_country(tmp_path_factory.mktemp("lab") / "country.jsonl.gz", vehicles=500, seed=4)


@pytest.fixture(scope="module")
def wider(tmp_path_factory):
    path = tmp_path_factory.mktemp("policy") / "wider.toml"
    path.write_text("[double_sale]\nwindow_days = 12\n[flash_registration]\nenabled = false\n")
    return path


def replayed(country, folder, *options):
    final = folder / "final.jsonl"
    done = run(
        app, ["replay", *ALONE, str(country), "--final", str(final), "--force", *map(str, options)]
    )
    assert done.exit_code == 0, done.output
    return {a["alert_id"]: a for a in map(json.loads, final.read_bytes().splitlines())}


@pytest.fixture(scope="module")
def compared(country, wider, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out") / "backtest"
    done = run(app, ["backtest", *ALONE, str(country), "--b", str(wider), "--out", str(folder)])
    assert done.exit_code == 0, done.output
    return folder, done.stdout


def test_the_difference_is_that_of_two_replays(country, wider, compared, tmp_path):
    before, after = replayed(country, tmp_path), replayed(country, tmp_path, "--config", wider)
    rows = pq.read_table(compared[0] / "differences.parquet").to_pylist()
    found = {kind: {r["alert_id"] for r in rows if r["change"] == kind} for kind in ("new", "gone")}
    assert found["new"] == after.keys() - before.keys()
    assert found["gone"] == before.keys() - after.keys()
    assert found["new"]
    assert {before[one]["detector"] for one in found["gone"]} >= {"flash_registration"}
    other = {r["alert_id"] for r in rows if r["change"] == "severity"}
    both = before.keys() & after.keys()
    assert other == {one for one in both if before[one]["severity"] != after[one]["severity"]}


def test_the_counts_add_up(compared):
    comparison = json.loads((compared[0] / "comparison.json").read_bytes())
    for values in comparison["by"].values():
        for kind, total in comparison["changes"].items():
            assert sum(counts.get(kind, 0) for counts in values.values()) == total
    assert "flash_registration" in compared[1]


def test_turned_round_new_is_gone(country, wider, compared):
    forth = json.loads((compared[0] / "comparison.json").read_bytes())["changes"]
    done = run(app, ["backtest", *ALONE, str(country), "--a", str(wider), "--format", "json"])
    assert done.exit_code == 0, done.output
    back = compared[0] / "back"
    done = run(app, ["backtest", *ALONE, str(country), "--a", str(wider), "--out", str(back)])
    changes = json.loads((back / "comparison.json").read_bytes())["changes"]
    assert (changes["new"], changes["gone"]) == (forth["gone"], forth["new"])
    assert changes["severity"] == forth["severity"]


def test_a_policy_like_the_other_changes_nothing(country, tmp_path):
    same = tmp_path / "same.toml"
    same.write_text("[double_sale]\nwindow_days = 7\n")
    done = run(
        app, ["backtest", *ALONE, str(country), "--b", str(same), "--out", str(tmp_path / "out")]
    )
    assert done.exit_code == 0, done.output
    changes = json.loads((tmp_path / "out" / "comparison.json").read_bytes())["changes"]
    assert set(changes.values()) == {0}


def test_a_sweep_is_as_many_backtests(country, tmp_path):
    truth = country.with_name("truth.jsonl")
    options = ["--sweep", "double_sale.window_days=3..9:3", "--truth", str(truth), "--format", "json"]
    done = run(app, ["backtest", *ALONE, str(country), *options])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    rows = rows[0]["rows"] if isinstance(rows, list) and rows and "rows" in rows[0] else rows
    told = [int(str(row["alerts of double_sale"]).replace(",", "")) for row in rows]
    assert told == sorted(told)
    for days, count in zip((3, 6, 9), told, strict=True):
        policy = tmp_path / "p.toml"
        policy.write_text(f"[double_sale]\nwindow_days = {days}\n")
        alerts = replayed(country, tmp_path, "--config", policy)
        assert count == sum(a["detector"] == "double_sale" for a in alerts.values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "A and B are the same"),
        (["--sweep", "double_sale.window=3..4"], "has no parameter 'window'"),
        (["--sweep", "nothing.at_all=3..4"], "there is no detector"),
        (["--sweep", "double_sale.window_days=4..3"], "must go up"),
        (["--sweep", "double_sale"], "is no sweep"),
        (["--sweep", "double_sale.window_days=1..900"], "at most 50"),
        (["--sweep", "double_sale.window_days=3..4", "--b", "x.toml"], "takes the place of B"),
    ],
)
def test_wrong_use_is_refused(country, options, said):
    done = run(app, ["backtest", *ALONE, str(country), *options], env={"COLUMNS": "300"})
    assert done.exit_code == 2
    assert said in done.output


def test_a_sweep_of_a_value_that_is_not_allowed_names_it(country):
    options = ["--sweep", "double_sale.window_days=0..2"]
    done = run(app, ["backtest", *ALONE, str(country), *options], env={"COLUMNS": "300"})
    assert done.exit_code == 2
    assert "window_days" in done.output


def test_steps_of_a_tenth_end_where_they_should():
    assert parse_sweep("price_gap.low=0.1..0.5:0.1").values == (0.1, 0.2, 0.3, 0.4, 0.5)
    with pytest.raises(SweepError, match="no numbers"):
        parse_sweep("price_gap.low=0.1..0.1.1")
