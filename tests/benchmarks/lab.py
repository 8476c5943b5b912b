"""`backtest`: what a changed threshold costs, beside judging the same ledger, or its lines, wholly."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Final

from tests.benchmarks.backfill import SHARE
from tests.benchmarks.inputs import country
from tests.benchmarks.processes import run_measured, zeromile_command
from tests.benchmarks.quantities import CPU, CPU_A_DOCUMENT, WALL
from tests.benchmarks.results import Check, Report, Rounds
from tests.benchmarks.surroundings import look_around

LINES: Final = "replay: JSON Lines"
LEDGER: Final = "replay: ledger"
CHANGES: Final = {
    "price_gap.lowest_share": "[price_gap]\nlowest_share = 0.45\n",
    "zero_mileage_export.maximum_km": "[zero_mileage_export]\nmaximum_km = 150\n",
    "double_sale.window_days": "[double_sale]\nwindow_days = 10\n",
}
"""Thresholds of a rule that looks at few vehicles, of one by which provinces count, and of the one
that has more alerts than all others together."""
_ENVIRONMENT: Final = {"PYTHONDONTWRITEBYTECODE": ""}
_WORKERS: Final = "2"


def measure_backtest(vehicles: int, seed: int, repetitions: int) -> Report:
    """Run everything in turn, round by round.

    Parameters
    ----------
    vehicles
        Of the simulated country at life's share of exports.
    seed, repetitions
        Of the draws; how many rounds.
    """
    data = country(vehicles, seed, SHARE)
    rounds = Rounds()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        ledger = folder / "ledger"
        run_measured(_command("ledger", "build", data.path, "--out", ledger), _ENVIRONMENT)
        commands = {
            LINES: ("replay", data.path, "--final", folder / "lines", "--force"),
            LEDGER: ("replay", ledger, "--final", folder / "shipped", "--force"),
        }
        for name, text in CHANGES.items():
            policy = folder / f"{name}.toml"
            policy.write_text(text, "utf-8")
            commands[name] = ("backtest", ledger, "--b", policy, "--out", folder / name, "--force")
        for _ in range(repetitions):
            for name, words in commands.items():
                used = run_measured(_command(*words), _ENVIRONMENT)
                rounds.add(
                    name,
                    {
                        CPU: used.cpu_seconds,
                        WALL: used.wall_seconds,
                        CPU_A_DOCUMENT: used.cpu_seconds / data.documents * 1e6,
                    },
                )
        checks = [_check(folder, ledger, name) for name in CHANGES]
    return Report(
        benchmark="backtest",
        title=f"a changed threshold over {data.documents:,} documents of {vehicles:,} vehicles",
        headline=CPU.name,
        settings={
            "vehicles": vehicles, "export_share": SHARE, "seed": seed, "repetitions": repetitions,
            "workers": int(_WORKERS), "input": data.digest,
        },
        surroundings=look_around(),
        rows=rounds.rows(beside=dict.fromkeys(commands, LEDGER)),
        checks=checks,
        notes=["Whole commands as processes, their start included; all files of a backtest written."],
    )  # fmt: skip


def _command(*words: str | Path) -> list[str]:
    return zeromile_command(*map(str, words), "--workers", _WORKERS)


def _check(folder: Path, ledger: Path, name: str) -> Check:
    """Whether a backtest found what two replays differ by."""
    final = folder / "changed"
    policy = folder / f"{name}.toml"
    run_measured(
        _command("replay", ledger, "--config", policy, "--final", final, "--force"), _ENVIRONMENT
    )
    before, after = _firing(folder / "shipped"), _firing(final)
    told = json.loads((folder / name / "comparison.json").read_bytes())["changes"]
    expected = {"new": len(after - before), "gone": len(before - after)}
    return Check(
        f"{name}: new and gone are those of two replays",
        {kind: told[kind] for kind in expected} == expected,
    )


def _firing(path: Path) -> set[str]:
    return {json.loads(line)["alert_id"] for line in path.read_bytes().splitlines()}
