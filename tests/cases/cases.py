"""The small cases of ../shared/data/cases: inputs of the kinds that registers and bug reports hold."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from detectors.findings import SEVERITIES
from streams.cli import app

MAKER = Path(__file__).parents[3] / "shared" / "data" / "cases" / "make_cases.py"


def make_cases(folder: Path) -> Path:
    """Write all cases into a folder; skips where they are not there."""
    if not MAKER.is_file():
        assert not os.environ.get("CI"), f"{MAKER} has to be there in CI"
        pytest.skip(f"{MAKER} is not there: the cases are NOT tested")
    subprocess.run([sys.executable, MAKER, folder], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return folder


def replay(case: Path, folder: Path) -> tuple[Result, list[dict[str, Any]]]:
    """Replay a case: what the command says, and the alerts that fire at the end."""
    final = folder / f"{case.stem}.final"
    ran = CliRunner().invoke(app, ["replay", str(case), "--final", str(final)])
    return ran, [json.loads(line) for line in final.read_text(encoding="utf-8").splitlines()]


def at_least(alerts: list[dict[str, Any]], severity: str) -> list[dict[str, Any]]:
    """Alerts of stable detectors that are as bad as a severity, or worse."""
    rank = SEVERITIES.index
    return [a for a in alerts if not a["shadow"] and rank(a["severity"]) >= rank(severity)]
