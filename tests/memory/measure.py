"""Replays a file and prints what it took, as JSON. Run in a process of its own."""

import json
import sys
import time
from pathlib import Path

from detectors.registry import Catalogue
from streams.backfill.replay import Replay
from streams.setup.policy import load_policy
from tests.benchmarks.processes import resident_mib


def _peak() -> int:
    # Not getrusage: a program inherits the peak of the process that started it.
    return int(resident_mib("VmHWM") * 2**20)


def main() -> None:
    """Replay the file that is named and print peak memory, time and counts."""
    replay = Replay(Catalogue(load_policy()))
    before, start = _peak(), time.process_time()
    replayed = replay.run([Path(sys.argv[1])])
    took = {
        "seconds": time.process_time() - start,
        "peak_before": before,
        "peak": _peak(),
        "read": replayed.counters.read,
        "accepted": replayed.counters.accepted,
        "vehicles": replayed.vehicles,
        "firing": len(replayed.firing),
    }
    sys.stdout.write(json.dumps(took))


if __name__ == "__main__":
    main()
