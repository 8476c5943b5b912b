"""`zeromile simulate`."""

import pytest
from typer.testing import CliRunner

from streams.cli import app

runner = CliRunner()


def run(*arguments):
    return runner.invoke(app, ["simulate", *map(str, arguments)])


def test_writes_both_files_and_a_summary(tmp_path):
    out, truth = tmp_path / "c.jsonl", tmp_path / "t.jsonl"
    result = run("--vehicles", 500, "--days", 200, "--seed", 3, "--out", out, "--truth", truth)
    assert result.exit_code == 0, result.output
    assert "500 vehicles" in result.output
    assert "6.2 times as many as in life" in result.output
    assert out.stat().st_size > 50_000
    assert truth.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--start", "1999-01-01"], "1999-01-01"),
        (["--days", "9000"], "2018 to 2028"),
        (["--vehicles", "3"], "100"),
        (["--export-share", "2"], "0.9"),
        (["--country", "missing.toml"], "missing.toml"),
    ],
)
def test_wrong_use_is_refused_with_the_value(tmp_path, arguments, named):
    result = run("--out", tmp_path / "c", "--truth", tmp_path / "t", *arguments)
    assert result.exit_code == 2
    assert named in result.output


def test_one_file_cannot_be_both(tmp_path):
    assert run("--out", tmp_path / "c", "--truth", tmp_path / "c").exit_code == 2


def test_a_missing_folder_is_named(tmp_path):
    result = run("--out", tmp_path / "nowhere" / "c", "--truth", tmp_path / "t")
    assert result.exit_code == 2
    assert "nowhere" in result.output


def test_a_wrong_parameter_file_is_refused(tmp_path):
    path = tmp_path / "country.toml"
    path.write_text("[defaults]\n", "utf-8")
    result = run("--out", tmp_path / "c", "--truth", tmp_path / "t", "--country", path)
    assert result.exit_code == 2
    assert "country.toml" in result.output


def test_who_reads_the_file_before_goes_on_reading_it(tmp_path):
    out, truth = tmp_path / "c.jsonl", tmp_path / "t.jsonl"
    arguments = ("--vehicles", 500, "--days", 200, "--out", out, "--truth", truth)
    run(*arguments)
    with out.open("rb") as reader:
        before = reader.read(100)
        run(*arguments, "--seed", 7, "--force")
        rest = reader.read()

    assert len(before + rest) > 50_000
    assert (before + rest) != out.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"c.jsonl", "t.jsonl"}


def test_files_that_are_there_can_be_kept(tmp_path):
    out, truth = tmp_path / "c.jsonl", tmp_path / "t.jsonl"
    arguments = ("--vehicles", 500, "--days", 200, "--out", out, "--truth", truth)
    run(*arguments, "--keep")
    made = out.stat().st_mtime_ns
    kept = run(*arguments, "--keep")

    assert kept.exit_code == 0
    assert "left alone" in kept.output
    assert out.stat().st_mtime_ns == made
