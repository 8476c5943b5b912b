"""Documents per CPU second of the embedded replay, beside reading and decoding the same input alone.

Run from the repository's root: `python -m tests.benchmarks.embedded`. Both run in turn, several
times, in one process; the ratio is what to quote.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from detectors.registry import Catalogue
from detectors.wire import decoder
from streams.policy import load_policy
from streams.replay import Replay


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, default=70_000)
    parser.add_argument("--repetitions", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "country.jsonl"
        simulate(path, options.vehicles)
        lines = path.read_bytes().splitlines()
        pairs = [
            (cpu_seconds(lambda: decode_only(lines)), cpu_seconds(lambda: replay(path)))
            for _ in range(options.repetitions)
        ]
    print(json.dumps(summary(len(lines), pairs), indent=2))


def simulate(path: Path, vehicles: int) -> None:
    """Write the input with the simulator, in a process of its own."""
    arguments = ["--vehicles", str(vehicles), "--seed", "1", "--out", str(path)]
    truth = ["--truth", str(path.with_suffix(".truth"))]
    program = "from streams.cli import main; main()"
    command = [sys.executable, "-c", program, "simulate", *arguments, *truth]
    subprocess.run(command, check=True)  # noqa: S603 - our own program


def decode_only(lines: list[bytes]) -> None:
    """The limit: parse and validate the JSON, nothing else."""
    for line in lines:
        try:
            decoder.decode(line)
        except (ValueError, RecursionError):
            continue


def replay(path: Path) -> None:
    """The job: the full catalogue of rules and the provinces' watch."""
    Replay(Catalogue(load_policy())).run([path])


def cpu_seconds(work: Callable[[], None]) -> float:
    """Processor time of one call."""
    before = time.process_time()
    work()
    return time.process_time() - before


def summary(documents: int, pairs: list[tuple[float, float]]) -> dict[str, object]:
    """Medians, and the spread of the ratio."""
    shares = sorted(limit / job for limit, job in pairs)
    return {
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "documents": documents,
        "decode_only_per_cpu_second": round(documents / statistics.median(p[0] for p in pairs)),
        "replay_per_cpu_second": round(documents / statistics.median(p[1] for p in pairs)),
        "share_of_limit": round(statistics.median(shares), 4),
        "share_of_limit_range": [round(shares[0], 4), round(shares[-1], 4)],
    }


if __name__ == "__main__":
    main()
