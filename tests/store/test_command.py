"""`zeromile sink --from-file`: for a person without Kafka and without PostgreSQL."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app
from tests.store.changes import change, export, registration

runner = CliRunner()


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    alerts, documents = tmp_path / "alerts.jsonl", tmp_path / "documents.jsonl.gz"
    alerts.write_text("".join(json.dumps(change("a", r)) + "\n" for r in range(3)), "utf-8")
    with gzip.open(documents, "wt", encoding="utf-8") as out:
        for value in (registration("V1", "2025-06-17"), export("V1", "2025-06-20"), {"no": "document"}):
            out.write(json.dumps(value) + "\n")
    return ["--from-file", str(alerts), "--from-file", str(documents)]


def test_files_go_into_sqlite_and_can_be_stored_again(files: list[str], tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    first = runner.invoke(app, ["sink", "--url", url, *files])
    second = runner.invoke(app, ["sink", "--url", url, *files])

    assert first.exit_code == second.exit_code == 0, first.output
    assert "alerts: 3 stored, 0 already there or superseded, 0 refused" in first.stdout
    assert "documents: 2 stored, 0 already there or superseded, 1 refused" in first.stdout
    assert "alerts: 0 stored, 3 already there or superseded" in second.stdout
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as connection:
        assert connection.execute("SELECT days_to_export FROM vehicle_retail").fetchall() == [(3,)]


def test_rebates_are_counted_at_the_countrys_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    documents = tmp_path / "documents.jsonl"
    pair = registration("V1", "2025-06-17", price_cny=120_000), export("V1", "2025-06-20")
    documents.write_text("".join(json.dumps(value) + "\n" for value in pair), "utf-8")
    (tmp_path / "mine.toml").write_text("[country]\nvalue_added_tax = 0.2\nexport_rebate = 0.05\n")
    for policy, taxed, rebate in ((None, 1.13, 0.13), (tmp_path / "mine.toml", 1.2, 0.05)) * 2:
        if policy is None:
            monkeypatch.delenv("ZEROMILE_POLICY_FILE", raising=False)
        else:
            monkeypatch.setenv("ZEROMILE_POLICY_FILE", str(policy))
        stored = ["--url", f"sqlite:///{tmp_path / 'store.sqlite'}", "--from-file", str(documents)]
        done = runner.invoke(app, ["sink", *stored])
        assert done.exit_code == 0, done.output
        with closing(sqlite3.connect(tmp_path / "store.sqlite")) as connection:
            [told] = connection.execute(
                "SELECT r.high_cny, h.rebate_exposure_cny FROM rebate_exposure r, headline_figures h"
            ).fetchall()
        assert told == pytest.approx([120_000 / taxed * rebate] * 2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--url", "mysql://a:hidden@b/c"], "allowed: postgresql://"),
        (["--url", "sqlite:///x", "--from-file", "absent.jsonl"], "absent.jsonl is not a file"),
        (["--metrics-port", "70000"], "ZEROMILE_SINK_METRICS_PORT"),
    ],
)
def test_wrong_use_is_status_2_and_says_why(arguments: list[str], said: str):
    done = runner.invoke(app, ["sink", *arguments])
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())
    assert "hidden" not in done.output


def test_a_broken_file_is_status_2(tmp_path: Path):
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n' * 1000)[:30])
    done = runner.invoke(
        app, ["sink", "--url", f"sqlite:///{tmp_path / 's'}", "--from-file", str(path)]
    )
    assert done.exit_code == 2
    assert "cannot read" in done.output
