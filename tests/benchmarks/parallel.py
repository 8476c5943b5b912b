"""The embedded replay on several processes beside one, over the same file.

Run from the repository's root: `python -m tests.benchmarks.parallel FILE`. Both run in turn. Wall time
says something on an idle machine only; processor time tells what the work of several costs more.
"""

import argparse
import json
import os
import platform
import resource
import time
from pathlib import Path

from detectors.registry import Catalogue
from streams.garbage import collect_seldom
from streams.parallel import Judge, ParallelReplay
from streams.policy import load_policy
from streams.replay import Replay


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=1)
    options = parser.parse_args()
    collect_seldom()
    runs = [
        on_several(options.file, options.workers) | on_one(options.file)
        for _ in range(options.repetitions)
    ]
    machine = {"cpus": os.cpu_count(), "python": platform.python_version()}
    print(json.dumps({"machine": machine, "runs": [summary(run) for run in runs]}, indent=2))


def on_several(path: Path, workers: int) -> dict[str, float]:
    """Seconds of the coordinator and of all workers, their start included."""
    wall, cpu, children = time.perf_counter(), time.process_time(), _children_seconds()
    with ParallelReplay(Judge(), workers) as job:
        read = job.run([path]).counters.read
    return {
        "documents": read,
        "wall_several": time.perf_counter() - wall,
        "coordinator": time.process_time() - cpu,
        "workers": _children_seconds() - children,
    }


def on_one(path: Path) -> dict[str, float]:
    """Seconds of one process that does it all."""
    wall, cpu = time.perf_counter(), time.process_time()
    Replay(Catalogue(load_policy())).run([path])
    return {"wall_one": time.perf_counter() - wall, "one": time.process_time() - cpu}


def summary(run: dict[str, float]) -> dict[str, float]:
    """Microseconds of processor time a document, and what several cost and gain."""
    per_document = {
        f"{name}_us_per_document": round(run[name] / run["documents"] * 1e6, 2)
        for name in ("one", "coordinator", "workers")
    }
    return {
        "documents": run["documents"],
        **per_document,
        "cpu_of_several_over_one": round((run["coordinator"] + run["workers"]) / run["one"], 3),
        "wall_of_one_over_several": round(run["wall_one"] / run["wall_several"], 2),
    }


def _children_seconds() -> float:
    """Processor time of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
