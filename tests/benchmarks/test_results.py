"""Rows, the file of results, and the table."""

import io
from pathlib import Path

import msgspec
import pytest
import typer
from rich.console import Console

from tests.benchmarks.example import report
from tests.benchmarks.options import check_results_file, finish, sized
from tests.benchmarks.quantities import PER_CPU_SECOND
from tests.benchmarks.results import ResultsError, Rounds, read_reports, write_report
from tests.benchmarks.statistics import Spread
from tests.benchmarks.surroundings import look_around
from tests.benchmarks.table import number, show_report

RESULTS = Path(__file__).with_name("results.json")


def test_rows_hold_every_repetition_and_the_paired_ratio() -> None:
    job = report().row("job").measured[PER_CPU_SECOND.name]
    assert job.values == [250.0, 125.0]
    assert job.spread == Spread(187.5, 125.0, 250.0)
    assert job.ratio == Spread(0.25, 0.25, 0.25)
    assert report().row("limit").measured[PER_CPU_SECOND.name].ratio is None


def test_a_program_that_fails_in_a_later_round_has_no_row() -> None:
    rounds = Rounds()
    rounds.add("job", {PER_CPU_SECOND: 1.0})
    rounds.drop("job")
    assert "job" not in rounds
    assert rounds.rows() == []


def test_results_are_kept_by_benchmark(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write_report(path, report("one"))
    write_report(path, report("two"))
    again = report("one")
    again.title = "measured again"
    write_report(path, again)
    kept = read_reports(path)
    assert list(kept) == ["one", "two"]
    assert kept["one"] == again
    assert kept["two"] == report("two")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"{", "holds no results"), (b'{"one": {"rows": 1}}', "holds no results"), (None, "cannot read")],
)
def test_what_is_no_file_of_results_is_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "results.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ResultsError, match=message):
        read_reports(path)


def test_another_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    old = report()
    old.schema = 0
    path.write_bytes(msgspec.json.encode({"example": old}))
    with pytest.raises(ResultsError, match="schema 0; this version reads 1"):
        read_reports(path)


def test_the_table_says_everything() -> None:
    console = Console(width=200, file=io.StringIO())
    show_report(report(held=False), console)
    text = console.file.getvalue()
    for part in (
        "188 (125 – 250)", "0.25", "of limit", "skipped Peer: java is not installed",
        "FAILED: the peer agrees", "Said in a sentence.", "2 cores", "abc+",
    ):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.00"), (0.01234, "0.0123"), (1.234, "1.23"), (-2.0, "-2.00"), (12.34, "12.3"),
     (1234.5, "1,234")],
)  # fmt: skip
def test_numbers_have_three_digits_that_matter(value: float, text: str) -> None:
    assert number(value) == text


def test_a_check_that_did_not_hold_fails_the_command(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    with pytest.raises(typer.Exit) as left:
        finish(report(held=False), path)
    assert left.value.exit_code == 1
    assert "example" in read_reports(path)
    finish(report(), None)


def test_sizes_exclude_each_other(tmp_path: Path) -> None:
    assert [sized(True, False, (1, 2, 3)), sized(False, False, (1, 2, 3))] == [1, 2]
    with pytest.raises(typer.BadParameter, match="not both"):
        sized(True, True, (1, 2, 3))
    with pytest.raises(typer.BadParameter, match="does not exist"):
        check_results_file(tmp_path / "nowhere" / "results.json")


def test_surroundings_name_machine_versions_and_commit() -> None:
    around = look_around(peer="1.2")
    assert around.cores >= 1
    assert around.versions["peer"] == "1.2"
    assert "msgspec" in around.versions


def test_the_committed_results_can_be_read() -> None:
    assert {"streaming", "memory", "recovery"} <= set(read_reports(RESULTS))
