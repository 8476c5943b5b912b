"""`backfill`: recorded streams judged at once, beside the program before and columnar engines."""

from __future__ import annotations

import csv
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.evaluation.observing import AlertChange
from tests.benchmarks.earlier import ONE_ENGINE, zeromile_at
from tests.benchmarks.environments import PeerUnavailableError, python_with
from tests.benchmarks.inputs import country
from tests.benchmarks.processes import run_weighed, zeromile_command
from tests.benchmarks.quantities import CPU, CPU_A_DOCUMENT, PEAK, WALL
from tests.benchmarks.results import Check, Report, Rounds, Skipped
from tests.benchmarks.surroundings import look_around
from tests.benchmarks.two_rule_stream import Alerts, two_rule_policy, two_rule_stream

SHARE: Final = 0.016
"""Of the vehicles that are exported in life, about."""
BEFORE: Final = "before: JSON Lines"
LINES: Final = "zeromile: JSON Lines"
LEDGER: Final = "zeromile: ledger"
BUILD: Final = "zeromile: ledger build"
TWO_LINES: Final = "two rules, zeromile: JSON Lines"
TWO_LEDGER: Final = "two rules, zeromile: ledger"
ALL_LEDGER: Final = "all rules on these documents, zeromile: ledger"
CATALOGUE_DUCKDB: Final = "two rules of the catalogue, DuckDB SQL: JSON Lines"
CATALOGUE_LINES: Final = "two rules of the catalogue, zeromile: JSON Lines"
CATALOGUE_LEDGER: Final = "two rules of the catalogue, zeromile: ledger"
DUCKDB: Final = "two rules, DuckDB SQL: JSON Lines"
POLARS: Final = "two rules, Polars: JSON Lines"
PANDAS: Final = "two rules, pandas: JSON Lines"
_DUCKDB: Final = "duckdb==1.4.2"
_SAME: Final = 0.999
"""Of the findings of two programs that refuse documents by rules of their own."""
_PEERS: Final = Path(__file__).parent / "peers" / "files"
_ENVIRONMENT: Final = {"PYTHONDONTWRITEBYTECODE": ""}  # nobody compiles his modules in every round
_WORKERS: Final = "2"


@dataclass(frozen=True, slots=True)
class Program:
    """Something to run and weigh."""

    command: list[str]
    documents: int
    beside: str
    makes: Path | None = None
    """Folder that must not be there."""


@dataclass(slots=True)
class _Bench:
    """Programs, and what could not be made ready."""

    directory: Path
    programs: dict[str, Program] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)

    def out(self, name: str) -> Path:
        """Where a program writes what it found."""
        return self.directory / f"{''.join(filter(str.isalnum, name))}.out"

    def two_rule_policy(self) -> list[str]:
        """Options by which zeromile judges by the two rules alone."""
        policy = self.directory / "two-rules.toml"
        policy.write_text(two_rule_policy(), "utf-8")
        return ["--config", str(policy)]


def measure_backfill(vehicles: int, of_two_rules: int, seed: int, repetitions: int) -> Report:
    """Run everything in turn, round by round.

    Parameters
    ----------
    vehicles
        Of the simulated country at life's share of exports.
    of_two_rules
        Of the stream of the peers' job.
    seed, repetitions
        Of the draws; how many rounds.
    """
    data = country(vehicles, seed, SHARE)
    rounds = Rounds()
    with tempfile.TemporaryDirectory() as directory:
        bench = _Bench(Path(directory))
        _add_catalogue(bench, data.path, data.documents)
        documents = _add_two_rules(bench, seed, of_two_rules)
        for _ in range(repetitions):
            for name, program in bench.programs.items():
                _run(rounds, name, program)
        checks = _checks(bench)
    return Report(
        benchmark="backfill",
        title=f"{data.documents:,} documents of {vehicles:,} vehicles; two rules on {documents:,}",
        headline=CPU.name,
        settings={
            "vehicles": vehicles, "two_rule_vehicles": of_two_rules, "export_share": SHARE,
            "seed": seed, "repetitions": repetitions, "workers": int(_WORKERS), "input": data.digest,
        },
        surroundings=look_around(),
        rows=rounds.rows(beside={name: one.beside for name, one in bench.programs.items()}),
        skipped=bench.skipped,
        checks=checks,
        notes=[
            "Whole commands as processes, from the file to what was found in a file, their start "
            "included. Memory: all processes of a command together, shared pages once.",
            f"Before: commit {ONE_ENGINE[:12]}, with its own libraries, --workers {_WORKERS}.",
            "The peers read the fields of their rules alone and write vehicle and rule; zeromile "
            "checks all fields and writes evidence and explanations.",
        ],
    )  # fmt: skip


def _run(rounds: Rounds, name: str, program: Program) -> None:
    if program.makes is not None:
        shutil.rmtree(program.makes, ignore_errors=True)
    used = run_weighed(program.command, _ENVIRONMENT)
    rounds.add(
        name,
        {
            CPU: used.cpu_seconds,
            WALL: used.wall_seconds,
            CPU_A_DOCUMENT: used.cpu_seconds / program.documents * 1e6,
            PEAK: used.peak_mib,
        },
    )


def _add_catalogue(bench: _Bench, file: Path, documents: int) -> None:
    """All rules and spikes, before and now, from lines and from a ledger."""
    ledger = bench.directory / "ledger"
    try:
        before = [str(zeromile_at(ONE_ENGINE))]
        bench.programs[BEFORE] = Program(
            [*before, *_replay(file, bench.out(BEFORE))], documents, BEFORE
        )
    except PeerUnavailableError as error:
        bench.skipped.append(Skipped(BEFORE, str(error)))
    beside = BEFORE if BEFORE in bench.programs else LINES
    for name, source in ((LINES, file), (BUILD, None), (LEDGER, ledger)):
        words = _build(file, ledger) if source is None else _replay(source, bench.out(name))
        makes = ledger if source is None else None
        bench.programs[name] = Program(zeromile_command(*words), documents, beside, makes)
    _add_rules_of_catalogue(bench, file, ledger, documents)


def _add_rules_of_catalogue(bench: _Bench, file: Path, ledger: Path, documents: int) -> None:
    """Two rules on the same documents, by an analyst who minds revisions and look-alikes too."""
    policy = bench.two_rule_policy()
    try:
        python = str(python_with("duckdb", [_DUCKDB]))
    except PeerUnavailableError as error:
        bench.skipped.append(Skipped(CATALOGUE_DUCKDB, str(error)))
        return
    script = str(_PEERS / "duckdb_catalogue_rules.py")
    commands = {
        CATALOGUE_DUCKDB: [python, script, str(file), str(bench.out(CATALOGUE_DUCKDB))],
        CATALOGUE_LINES: zeromile_command(*_replay(file, bench.out(CATALOGUE_LINES)), *policy),
        CATALOGUE_LEDGER: zeromile_command(*_replay(ledger, bench.out(CATALOGUE_LEDGER)), *policy),
    }
    for name, command in commands.items():
        bench.programs[name] = Program(command, documents, CATALOGUE_DUCKDB)


def _add_two_rules(bench: _Bench, seed: int, vehicles: int) -> int:
    """The peers' job; says how many documents it has."""
    lines = two_rule_stream(seed, vehicles)
    file = bench.directory / "two-rules.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    for name, program, requirements in (
        (DUCKDB, "duckdb_two_rules.py", [_DUCKDB]),
        (POLARS, "polars_two_rules.py", ["polars==1.35.2"]),
        (PANDAS, "pandas_two_rules.py", ["pandas==2.3.3"]),
    ):
        try:
            python = python_with(requirements[0].partition("==")[0], requirements)
        except PeerUnavailableError as error:
            bench.skipped.append(Skipped(name, str(error)))
            continue
        command = [str(python), str(_PEERS / program), str(file), str(bench.out(name))]
        bench.programs[name] = Program(command, len(lines), DUCKDB)
    ledger = bench.directory / "two-rules-ledger"
    run_weighed(zeromile_command(*_build(file, ledger)), _ENVIRONMENT)
    only = bench.two_rule_policy()
    for name, source, options in (
        (TWO_LINES, file, only),
        (TWO_LEDGER, ledger, only),
        (ALL_LEDGER, ledger, []),
    ):
        command = zeromile_command(*_replay(source, bench.out(name)), *options)
        bench.programs[name] = Program(command, len(lines), DUCKDB)
    return len(lines)


def _replay(source: Path, out: Path) -> list[str]:
    return ["replay", str(source), "--final", str(out), "--force", "--workers", _WORKERS]


def _build(file: Path, ledger: Path) -> list[str]:
    return ["ledger", "build", str(file), "--out", str(ledger), "--workers", _WORKERS]


def _checks(bench: _Bench) -> list[Check]:
    ours = _alerts_of_ours(bench.out(TWO_LINES))
    checks = [
        Check("a ledger gives the alerts of its lines", _said(bench, LEDGER) == _said(bench, LINES)),
        Check("so it does for two rules", _alerts_of_ours(bench.out(TWO_LEDGER)) == ours),
    ]
    checks += [
        Check(f"{name} finds what zeromile finds, vehicle by vehicle", _alerts(bench.out(name)) == ours)
        for name in (DUCKDB, POLARS, PANDAS)
        if name in bench.programs
    ]
    if CATALOGUE_DUCKDB in bench.programs:
        theirs = _alerts(bench.out(CATALOGUE_DUCKDB))
        ours = _alerts_of_ours(bench.out(CATALOGUE_LINES))
        same = len(ours & theirs) >= _SAME * max(len(ours), len(theirs))
        checks.append(
            Check(f"{CATALOGUE_DUCKDB} finds what zeromile finds, but for refused documents", same)
        )
        ledger = _alerts_of_ours(bench.out(CATALOGUE_LEDGER))
        checks.append(Check("and a ledger gives what its lines do", ledger == ours))
    return checks


def _said(bench: _Bench, name: str) -> list[Any]:
    lines = bench.out(name).read_bytes().splitlines()
    return [msgspec.json.decode(line) | {"detected_at": None} for line in lines]


def _alerts_of_ours(path: Path) -> Alerts:
    decode = msgspec.json.Decoder(AlertChange).decode
    return {(one.subject, one.detector) for one in map(decode, path.read_bytes().splitlines())}


def _alerts(path: Path) -> Alerts:
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["vin"], row["rule"]) for row in csv.DictReader(file)}
