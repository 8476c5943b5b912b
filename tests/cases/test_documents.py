"""What real registers hold accuses nobody of what the clerk did, and hides nothing either."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app
from tests.cases.cases import at_least, make_cases, replay


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> Path:
    return make_cases(tmp_path_factory.mktemp("cases"))


def found(cases: Path, name: str, tmp_path: Path) -> Counter[tuple[str, str]]:
    """Detector and severity of what fires, but for the numbers of the invented cars themselves."""
    ran, alerts = replay(cases / name, tmp_path)
    assert ran.exit_code == 0, ran.output
    return Counter((a["detector"], a["severity"]) for a in alerts if a["detector"] != "vin_quality")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("01_numbers_of_no_car.jsonl", {"masked": 8, "repeated": 20, "word": 12}),
        ("01_masked_month.jsonl", {"masked": 4_000}),
    ],
)
def test_numbers_of_no_car_are_counted_by_feed_and_joined_to_no_vehicle(cases, name, told, tmp_path):
    ran, alerts = replay(cases / name, tmp_path)
    assert alerts == []
    assert "Numbers that identify no car" in ran.output
    for count in told.values():
        assert re.search(rf"registry .* {count:,}\b", ran.output)
    assert ran.output.count("registry") == len(told)


def test_the_year_is_of_the_last_cycle_before_the_registration(cases, tmp_path):
    _, [alert] = replay(cases / "03_year_cycle.jsonl", tmp_path)
    assert alert["detector"] == "vin_quality"
    assert "2009" in alert["explanation"]


def test_two_holders_of_one_invoice_are_one_sale(cases, tmp_path):
    assert found(cases, "06_co_owners.jsonl", tmp_path) == {}


def test_thefts_are_no_ordinary_lives(cases, tmp_path):
    ran = CliRunner().invoke(
        app, ["train", str(cases / "07_only_thefts.jsonl"), "--out", str(tmp_path / "model")]
    )
    assert ran.exit_code == 1
    assert "was offered 0" in ran.output
    assert "not exported" in ran.output


def test_a_bad_optional_value_hides_no_sale(cases, tmp_path):
    assert found(cases, "08_bad_optional.jsonl", tmp_path) == {
        ("double_sale", "low"): 8,
        ("dropped_value", "low"): 8,
    }


def test_a_slip_rolls_no_odometer_back_and_a_rollback_does(cases, tmp_path):
    assert found(cases, "09_odometer_outliers.jsonl", tmp_path) == {("implausible_reading", "low"): 5}
    assert found(cases, "09_real_rollback.jsonl", tmp_path) == {("odometer_rollback", "high"): 1}


def test_what_companies_do_not_state_explains_nothing(cases, tmp_path):
    _, alerts = replay(cases / "10_companies_without_price.jsonl", tmp_path)
    assert "double_sale" in {alert["detector"] for alert in alerts}
    assert at_least(alerts, "high") == []


def test_half_a_character_is_named_where_it_is_read(cases, tmp_path):
    letters = tmp_path / "letters.jsonl"
    case = str(cases / "12_half_character.jsonl")
    command = ["replay", case, "--dead-letters", str(letters), "--max-dead-letters", "1"]
    assert CliRunner().invoke(app, command).exit_code == 0
    [letter] = letters.read_text(encoding="utf-8").splitlines()
    assert "half a character" in letter
    assert "owner_id" in letter


def test_explain_shows_refused_documents_that_name_the_vehicle(tmp_path):
    stream = tmp_path / "stream.jsonl"
    good = '{"event_type":"registration","event_id":"1","source":"s","vin":"LRW3E7FS5PC695355",'
    good += '"occurred_at":"2023-05-01","kind":"initial"}'
    bad = good.replace("2023-05-01", "2023-02-30").replace('"1"', '"2"')
    other = bad.replace("LRW3E7FS5PC695355", "LRW3E7FS5PC695356")
    stream.write_text("\n".join((good, bad, other)) + "\n", encoding="utf-8")
    shown = CliRunner().invoke(app, ["explain", str(stream), "--vin", "LRW3E7FS5PC695355"])
    assert shown.exit_code == 0, shown.output
    assert "line 2" in shown.output
    assert "2023-02-30" in shown.output
    assert "line 3" not in shown.output


def test_explain_says_of_a_number_that_it_identifies_no_car(cases):
    case = str(cases / "01_masked_month.jsonl")
    shown = CliRunner().invoke(app, ["explain", case, "--vin", "WVGZZZCT3T***********"])
    assert shown.exit_code == 2
    assert "identifies no car" in shown.output


def test_the_store_takes_what_only_looks_like_an_escaped_nul(cases, tmp_path):
    _, alerts = replay(cases / "02_backslash_u0000.jsonl", tmp_path)
    assert len(alerts) == 4
    store = tmp_path / "store.db"
    final = tmp_path / "02_backslash_u0000.final"
    command = ["sink", "--from-file", str(final), "--url", f"sqlite:///{store}"]
    ran = CliRunner().invoke(app, command)
    assert ran.exit_code == 0, ran.output
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("SELECT count(*) FROM alerts").fetchone() == (4,)
