"""Tiny runs of what needs no broker: the commands work and keep what they measured."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.benchmarks.backfill import (
    ALL_LEDGER,
    BEFORE,
    BUILD,
    CATALOGUE_DUCKDB,
    DUCKDB,
    LEDGER,
    LINES,
    PANDAS,
    POLARS,
    TWO_LEDGER,
    TWO_LINES,
)
from tests.benchmarks.commands import app
from tests.benchmarks.embedded import FULL, LIMIT, RULES, TWO_WORKERS
from tests.benchmarks.environments import PeerUnavailableError
from tests.benchmarks.feeds import ALONE, CHECKED, PLAIN, SHIPPED
from tests.benchmarks.inputs import country
from tests.benchmarks.lab import CHANGES
from tests.benchmarks.processes import ProgramFailedError, run_measured, tree, zeromile_command
from tests.benchmarks.results import read_reports


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_limit_and_embedded_run_and_keep_their_figures(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    for name in ("limit", "embedded"):
        words = [name, "--vehicles", "300", "--repetitions", "1", "--json", str(results)]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, done.output
    reports = read_reports(results)
    assert set(reports) == {"limit", "embedded"}
    rows = {row.name: row for row in reports["embedded"].rows}
    assert set(rows) == {LIMIT, RULES, FULL, TWO_WORKERS}
    assert rows[FULL].beside == LIMIT
    assert rows[FULL].measured["documents per CPU second"].ratio is not None
    assert reports["limit"].settings["input"] == reports["embedded"].settings["input"]


def test_what_is_only_tried_out_compares_nothing(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    done = CliRunner().invoke(app, ["limit", "--quick", "--vehicles", "300", "--json", str(results)])
    assert done.exit_code == 0, done.output
    measured = [each for row in read_reports(results)["limit"].rows for each in row.measured.values()]
    assert measured
    assert all(each.ratio is None for each in measured)
    assert " of json.loads" not in done.output


@pytest.mark.nightly
def test_a_changed_threshold_finds_what_two_replays_differ_by(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    words = ["--vehicles", "400", "--repetitions", "1", "--json", str(results)]
    done = CliRunner().invoke(app, ["backtest", *words])
    assert done.exit_code == 0, done.output
    report = read_reports(results)["backtest"]
    assert {row.name for row in report.rows} > set(CHANGES)
    assert len(report.checks) == len(CHANGES)


def test_feeds_stand_beside_the_standard_reader(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    words = ["feeds", "--rows", "300", "--repetitions", "1", "--json", str(results)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    rows = {row.name: row for row in read_reports(results)["feeds"].rows}
    assert set(rows) == {ALONE, PLAIN, SHIPPED, CHECKED}
    assert {row.beside for name, row in rows.items() if name != ALONE} == {ALONE}


@pytest.mark.nightly
def test_a_backfill_runs_without_those_that_cannot_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> Path:
        raise PeerUnavailableError("there is no network")

    monkeypatch.setattr("tests.benchmarks.backfill.python_with", unavailable)
    monkeypatch.setattr("tests.benchmarks.backfill.zeromile_at", unavailable)
    results = tmp_path / "results.json"
    words = ["--vehicles", "300", "--two-rule-vehicles", "200", "--repetitions", "1"]
    done = CliRunner().invoke(app, ["backfill", *words, "--json", str(results)])
    assert done.exit_code == 0, done.output
    report = read_reports(results)["backfill"]
    assert [one.name for one in report.skipped] == [
        BEFORE, CATALOGUE_DUCKDB, DUCKDB, POLARS, PANDAS,
    ]  # fmt: skip
    assert {row.name for row in report.rows} == {
        LINES, BUILD, LEDGER, TWO_LINES, TWO_LEDGER, ALL_LEDGER,
    }  # fmt: skip
    assert all(row.measured["peak memory"].spread.median > 50 for row in report.rows)


def test_a_data_set_is_made_once_and_the_same_again() -> None:
    made = country(300, 2)
    assert country(300, 2) == made
    made.path.unlink()
    assert country(300, 2) == made
    assert country(300, 3).digest != made.digest


def test_a_program_that_fails_says_what_it_said() -> None:
    with pytest.raises(ProgramFailedError, match="is not a file"):
        run_measured(zeromile_command("replay", "nowhere.jsonl"))
    assert tree(1)[0] == 1


def test_wrong_use_is_refused() -> None:
    done = CliRunner().invoke(app, ["limit", "--quick", "--full"])
    assert done.exit_code == 2
    assert "not both" in done.output
