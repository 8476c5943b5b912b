"""`zeromile replay`: how many documents are taken in at once changes nothing in the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from detectors.alerts import Alert
from streams.cli import app
from tests.property.runs import final_set
from tests.simulated import record_country


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More documents than a batch holds where every change is written."""
    out = tmp_path_factory.mktemp("country") / "country.jsonl"
    return record_country(out, vehicles=5_000, seed=11)


def _replay(country: Path, folder: Path, *options: str, changes: bool = False) -> tuple[list[Any], int]:
    """Alerts that fire, in their order, without what may move, and how many changes were written."""
    folder.mkdir()
    final, alerts = folder / "final.jsonl", folder / "alerts.jsonl"
    told = ["--alerts", str(alerts)] if changes else []
    ran = CliRunner().invoke(app, ["replay", str(country), "--final", str(final), *told, *options])
    assert ran.exit_code == 0, ran.output
    firing = msgspec.json.Decoder(Alert).decode_lines(final.read_bytes())
    settled = final_set({alert.alert_id: alert for alert in firing})
    return list(settled.items()), len(alerts.read_bytes().splitlines()) if changes else 0


def test_no_batch_changes_what_fires(country: Path, tmp_path: Path):
    usual, _ = _replay(country, tmp_path / "usual")
    assert len(usual) > 500
    assert len(country.read_bytes().splitlines()) > 5_000
    for size in ("37", "900"):
        assert _replay(country, tmp_path / size, "--batch", size)[0] == usual
    several = _replay(country, tmp_path / "several", "--batch", "900", "--workers", "2")
    assert several[0] == usual


def test_deadlines_are_met_on_the_way_and_at_the_end(country: Path, tmp_path: Path):
    late = ("--watermark", "2035-01-01")
    at_the_end, _ = _replay(country, tmp_path / "end", *late)
    assert _replay(country, tmp_path / "way", *late, "--batch", "900")[0] == at_the_end
    waiting, _ = _replay(country, tmp_path / "waiting")
    assert len(waiting) < len(at_the_end)


def test_smaller_batches_tell_more_of_alerts_that_come_and_go(country: Path, tmp_path: Path):
    fine, many = _replay(country, tmp_path / "fine", "--batch", "100", changes=True)
    usual, some = _replay(country, tmp_path / "usual", changes=True)
    coarse, few = _replay(country, tmp_path / "coarse", "--batch", "100000", changes=True)

    assert fine == usual == coarse
    assert many > some > few >= len(coarse)


@pytest.mark.parametrize("size", ["0", "1000001", "many"])
def test_an_impossible_batch_is_refused(country: Path, size: str):
    ran = CliRunner().invoke(app, ["replay", str(country), "--batch", size])

    assert ran.exit_code == 2
    assert "--batch" in ran.output
