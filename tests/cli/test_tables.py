"""Tables on a wide terminal, a narrow one, in a pipe, and for programs."""

import csv
import io
import json
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.table import Table

from streams.cli import dead_letters
from streams.cli.console import out, show_list
from streams.cli.listing import COMMANDS, WITH_TABLES
from streams.cli.tables import TableConsole, as_csv, as_json

LONG = "an-id-that-must-never-be-cut-or-broken-0123456789"


@pytest.fixture
def table():
    made = Table(title="Things", title_justify="left")
    made.add_column("id")
    made.add_column("number", justify="right")
    made.add_column("told")
    made.add_row(LONG, "1,234", "a sentence that may well be broken at any of its blanks, being long")
    made.add_row("short", "", "车辆 [bold]twice[/]")
    return made


def shown(table, width, *, terminal):
    console = TableConsole(Console(stderr=True))
    console.file, console._width, console._force_terminal = io.StringIO(), width, terminal
    console.no_color = True
    console.print(table)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 200])
@pytest.mark.parametrize("terminal", [True, False])
def test_no_id_is_cut_at_any_width(table, width, terminal):
    text = shown(table, width, terminal=terminal)
    assert LONG in text
    assert "1,234" in text
    assert "…" not in text


def test_a_narrow_terminal_gets_records(table):
    text = shown(table, 80, terminal=True)
    assert "─[ 2 ]" in text
    assert "number │ 1,234" in text
    assert "told   │ 车辆 twice" in text


def test_a_terminal_wide_enough_gets_a_table_with_broken_sentences(table):
    text = shown(table, 100, terminal=True)
    assert "┏" in text
    assert "─[ 1 ]" not in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_pipe_gets_full_width_without_lines(table):
    lines = shown(table, 20, terminal=False).splitlines()
    assert lines[0] == "Things"
    assert lines[1].split() == ["id", "number", "told"]
    assert lines[2].startswith(f"{LONG}   1,234  a sentence")
    assert not set("│┃─") & set("".join(lines))


@pytest.mark.parametrize("width", ["80", "20"])
def test_commands_show_the_same_in_a_pipe_of_any_width(run, width):
    wide = run("detectors", "list", env={"COLUMNS": "300"}).output
    assert run("detectors", "list", env={"COLUMNS": width}).output == wide
    assert "early_export_without_letter  " in wide


def test_json_of_one_table_is_its_rows(run):
    rows = json.loads(run("detectors", "list", "--format", "json").stdout)
    assert {"id", "severities"} <= rows[0].keys()
    assert "double_sale" in {row["id"] for row in rows}


def test_json_of_several_tables_is_by_title(run, stream):
    found = json.loads(run("replay", stream, "--format", "json").stdout)
    assert {"name": "read", "value": 2} in found["Documents"]
    assert {"double_sale"} <= {row["detector"] for row in found["Alerts firing"]}


def test_explain_tells_programs_all_that_it_tells_people(run, stream):
    told = run("explain", stream, "--vin", "LRW3E7FS5PC000400", "--format", "json")
    found = json.loads(told.stdout)
    assert [row["document"] for row in found["Timeline"]] == ["r/1", "r/2"]
    assert {"double_sale"} <= {row["detector"] for row in found["Fires"]}
    assert {row["vehicle"] for row in found["Sales derived"]} == {"LRW3E7FS5PC000400"}
    assert "Nearly fires" in found
    assert not told.stderr


def test_spikes_tells_programs_its_alarms(run, tmp_path):
    counts = tmp_path / "counts.csv"
    weeks = [f"A,2025-W{week:02},{12 if week == 30 else 4 + week % 3}" for week in range(1, 31)]
    counts.write_text("\n".join(["region,period,count", *weeks]))
    told = run("spikes", counts, "--method", "trailing-mean", "--format", "json")
    rows = json.loads(told.stdout)
    assert [(row["region"], row["period"], row["count"]) for row in rows] == [("A", "2025-W30", 12)]
    assert 0 < rows[0]["p"] < 1e-4
    assert "1 alarms" in told.stderr


def test_csv(run):
    rows = list(csv.DictReader(io.StringIO(run("settings", "show", "--format", "csv").stdout)))
    assert "ZEROMILE_BOOTSTRAP_SERVERS" in {row["variable"] for row in rows}


def test_the_format_is_not_kept_for_the_next_command(run):
    run("detectors", "list", "--format", "json")
    assert run("detectors", "list").output.startswith("id ")


@pytest.mark.parametrize("name", sorted(WITH_TABLES))
def test_every_command_with_tables_takes_a_format(run, name):
    assert name.split()[0] in COMMANDS
    words = {"settings": ["settings", "show"]}.get(name, name.split())
    assert "--format" in run(*words, "--help").output
    assert run(*words, "--format", "xml").exit_code == 2


def test_a_list_of_nothing_is_one_line_and_empty_for_programs(capsys, monkeypatch):
    show_list(Table("letter"), "no refused document waits")
    people = capsys.readouterr()
    assert (people.out, people.err) == ("", "no refused document waits\n")
    monkeypatch.setattr(out, "format", "json")
    show_list(Table("letter"), "no refused document waits")
    out.conclude()
    assert json.loads(capsys.readouterr().out) == []


def test_dead_letters_are_listed_with_their_whole_message(run, monkeypatch):
    message = f"field 'price' is {'9' * 300}; allowed: a number"
    about = {"error.class": "wrong_type", "failed_at": "2026-01-01", "error.message": message}
    letter = SimpleNamespace(identity="t/0/17", about=about.__getitem__)
    monkeypatch.setattr(dead_letters, "_letters", lambda *_: iter([letter]))
    assert message in run("dead-letters", "list").stdout


def test_an_id_of_digits_stays_a_text_and_a_number_is_one():
    table = Table("id", "day", "alerts")
    table.columns[2].justify = "right"
    table.add_row("12345678", "2025", "1,234")
    table.add_row("12e45678", "007", "0.5")
    assert json.loads(as_json([table])) == [
        {"id": "12345678", "day": "2025", "alerts": 1234},
        {"id": "12e45678", "day": "007", "alerts": 0.5},
    ]
    assert as_csv([table]).splitlines()[1:] == ["12345678,2025,1234", "12e45678,007,0.5"]
