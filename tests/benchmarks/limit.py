"""`limit`: reading and decoding alone, the most that any job on these documents could reach."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

from detectors.wire import decoder
from tests.benchmarks.inputs import DataSet, country
from tests.benchmarks.quantities import BYTES_PER_SECOND, PER_CPU_SECOND, speed
from tests.benchmarks.results import Quantity, Report, Rounds
from tests.benchmarks.surroundings import look_around

READ: Final = "read lines"
STANDARD: Final = "json.loads of the standard library"
DECODED: Final = "msgspec into the wire types"


class Pass(NamedTuple):
    """Time that one pass over a stream took."""

    cpu_seconds: float
    wall_seconds: float


def decode_all(path: Path, decode: Callable[[bytes], Any] = decoder.decode) -> Pass:
    """Read every line and decode it; what cannot be decoded is passed over, as a reader would."""
    cpu, wall = time.process_time(), time.perf_counter()
    with path.open("rb") as stream:
        for line in stream:
            try:
                decode(line)
            except (ValueError, RecursionError):
                continue
    return Pass(time.process_time() - cpu, time.perf_counter() - wall)


def measure_limit(vehicles: int, seed: int, repetitions: int) -> Report:
    """Read and decode a simulated country, in turn with the standard library's parser."""
    data = country(vehicles, seed)
    passes: dict[str, Callable[[bytes], Any]] = {
        READ: len,
        STANDARD: json.loads,
        DECODED: decoder.decode,
    }
    rounds = Rounds()
    for _ in range(repetitions):
        for name, decode in passes.items():
            rounds.add(name, _figures(data, decode_all(data.path, decode)))
    return Report(
        benchmark="limit",
        title=f"Reading and decoding {data.documents:,} documents, {data.size / 1e6:.0f} MB",
        headline=PER_CPU_SECOND.name,
        settings={"vehicles": vehicles, "seed": seed, "repetitions": repetitions, "input": data.digest},
        surroundings=look_around(),
        rows=rounds.rows(beside=STANDARD),
        notes=["One process, one pass over the file a measurement; unreadable lines are passed over."],
    )


def _figures(data: DataSet, taken: Pass) -> dict[Quantity, float]:
    return {
        **speed(data.documents, *taken),
        BYTES_PER_SECOND: data.size / taken.wall_seconds / 1e6,
    }
