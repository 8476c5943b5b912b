"""`zeromile demo` and `zeromile replay --report`."""

import json

import pytest
from typer.testing import CliRunner

from streams.cli import app

runner = CliRunner()


def run(*arguments):
    return runner.invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "deeper" / "demo"
    return folder, run("demo", "--out", folder, "--vehicles", 4_000, "--seed", 3)


FILES = ("documents.jsonl.gz", "truth.jsonl", "alerts.jsonl", "final.jsonl", "report.html")


def test_demo_writes_its_files_and_says_where(demonstrated):
    folder, result = demonstrated
    assert result.exit_code == 0, result.output
    for name in FILES:
        assert (folder / name).stat().st_size > 0
        assert str(folder / name) in result.stdout


def test_demo_explains_alerts_that_it_wrote(demonstrated):
    folder, result = demonstrated
    firing = [json.loads(line) for line in (folder / "final.jsonl").read_bytes().splitlines()]
    told = [alert for alert in firing if alert["subject"] in result.stdout]
    assert {"double_sale", "zero_mileage_export", "flash_registration"} <= {a["detector"] for a in told}
    assert "never a verdict" in result.stdout


def test_demo_is_reproducible(demonstrated, tmp_path):
    folder, _ = demonstrated
    assert run("demo", "--out", tmp_path, "--vehicles", 4_000, "--seed", 3).exit_code == 0
    for name in ("documents.jsonl.gz", "truth.jsonl", "report.html"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_demo_refuses_a_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    result = run("demo", "--out", tmp_path / "file")
    assert result.exit_code == 2
    assert "cannot make the folder" in result.stderr


def test_replay_writes_a_report(demonstrated, tmp_path):
    folder, _ = demonstrated
    path = tmp_path / "report.html"
    result = run("replay", folder / "documents.jsonl.gz", "--report", path)
    assert result.exit_code == 0, result.output
    text = path.read_text("utf-8")
    assert "documents.jsonl.gz" in text
    assert str(folder) not in text
    assert "Simulated country" not in text


def test_replay_refuses_a_report_into_no_folder(demonstrated, tmp_path):
    folder, _ = demonstrated
    result = run("replay", folder / "documents.jsonl.gz", "--report", tmp_path / "none" / "r.html")
    assert result.exit_code == 2
    assert "does not exist" in result.stderr
