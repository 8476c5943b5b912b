"""`embedded`: `zeromile replay` beside the limit of reading and decoding the same stream."""

import tempfile
from pathlib import Path
from typing import Final

from tests.benchmarks.inputs import DataSet, country
from tests.benchmarks.limit import decode_all
from tests.benchmarks.processes import Usage, run_measured, zeromile_command
from tests.benchmarks.quantities import PEAK, PER_CPU_SECOND, speed
from tests.benchmarks.results import Report, Rounds
from tests.benchmarks.surroundings import look_around

LIMIT: Final = "limit: read and decode"
RULES: Final = "replay, rules and spikes"
FULL: Final = "replay, rules, forests and spikes"
TWO_WORKERS: Final = f"{FULL}, 2 workers"
_VARIANTS: Final = {
    RULES: ["--workers", "1"],
    FULL: ["--model", "default", "--workers", "1"],
    TWO_WORKERS: ["--model", "default", "--workers", "2"],
}


def measure_embedded(vehicles: int, seed: int, repetitions: int) -> Report:
    """Replay a simulated country from the command line, in turn with the limit.

    The time that the same command takes for a stream of one document is taken off.
    """
    data = country(vehicles, seed)
    rounds = Rounds()
    with tempfile.TemporaryDirectory() as directory:
        one = first_document(data, Path(directory))
        for _ in range(repetitions):
            rounds.add(LIMIT, speed(data.documents, *decode_all(data.path)))
            for name, options in _VARIANTS.items():
                add_replay(rounds, name, data, one, options)
    return Report(
        benchmark="embedded",
        title=f"Replay of {data.documents:,} documents of {vehicles:,} vehicles",
        headline=PER_CPU_SECOND.name,
        settings={"vehicles": vehicles, "seed": seed, "repetitions": repetitions, "input": data.digest},
        surroundings=look_around(),
        rows=rounds.rows(beside=LIMIT),
        notes=[
            "The whole command as a process, from the file to the table of what was found, less the "
            "same command on one document (start, policy, model)."
        ],
    )


def add_replay(rounds: Rounds, name: str, data: DataSet, one: Path, options: list[str]) -> None:
    """Replay a stream, and one document of it, and note the difference."""
    start = _replay(one, options)
    whole = _replay(data.path, options)
    cpu = whole.cpu_seconds - start.cpu_seconds
    wall = whole.wall_seconds - start.wall_seconds
    rounds.add(name, speed(data.documents, cpu, wall) | {PEAK: whole.peak_mib})


def _replay(path: Path, options: list[str]) -> Usage:
    return run_measured(zeromile_command("replay", str(path), *options))


def first_document(data: DataSet, directory: Path) -> Path:
    """Write a stream of one document, to measure what starting takes."""
    path = directory / "one.jsonl"
    with data.path.open("rb") as stream:
        path.write_bytes(stream.readline())
    return path
