"""Watching a program: complete, too much, too little, ended."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.benchmarks import watching
from tests.benchmarks.watching import PeerFailedError, Watch, run_peer

EXPECTED = {("V", "double_sale"), ("W", "double_sale")}


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """A watch on a topic that brings one alert a look: V, W, and one too many."""
    alerts = [{"vin": vin, "rule": "double_sale"} for vin in "VWX"]

    def look(_: Any) -> list[Any]:
        return [SimpleNamespace(value=json.dumps(alerts.pop(0)).encode())] if alerts else []

    consumer = SimpleNamespace(close=lambda: None)
    monkeypatch.setattr(watching, "follow", lambda *_: consumer)
    monkeypatch.setattr(watching, "new_records", look)
    monkeypatch.setattr(watching, "QUIET_SECONDS", 0.01)
    broker: Any = SimpleNamespace(bootstrap_servers="", pid=1)
    return Watch(broker, "alerts")


def test_all_alerts_end_the_clocks_and_one_too_many_is_seen(watch: Watch, tmp_path: Path) -> None:
    taken = run_peer(["sleep", "60"], tmp_path, watch, EXPECTED)
    assert taken.alerts == EXPECTED | {("X", "double_sale")}
    assert taken.peak_mib > 0


def test_what_a_program_does_to_its_orderly_end_counts(
    watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"
    listens, look = tmp_path / "listens", watching.new_records
    program = ["sh", "-c", f"trap '{work}; exit 0' TERM; : > {listens}; while :; do sleep 0.05; done"]
    monkeypatch.setattr(watching, "new_records", lambda of: look(of) if listens.exists() else [])
    assert run_peer(program, tmp_path, watch, EXPECTED).cpu_seconds > 0.05


def test_a_program_that_ends_by_itself_is_let_end(watch: Watch, tmp_path: Path) -> None:
    work = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done"
    program = ["sh", "-c", f"trap 'exit 1' TERM; sleep 0.2; {work}"]
    assert run_peer(program, tmp_path, watch, EXPECTED, ends=True).cpu_seconds > 0.05


def test_a_program_that_ends_early_fails_with_what_it_said(watch: Watch, tmp_path: Path) -> None:
    missing = EXPECTED | {("Y", "double_sale")}
    with pytest.raises(PeerFailedError, match="ended before its last alert: out of order"):
        run_peer(["sh", "-c", "echo out of order"], tmp_path, watch, missing)


def test_a_program_that_is_too_slow_fails_with_its_progress(
    watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LONGEST_SECONDS", 0.0)
    missing = EXPECTED | {("Y", "double_sale")}
    with pytest.raises(PeerFailedError, match="1 of 3 alerts"):
        run_peer(["sleep", "60"], tmp_path, watch, missing)
