"""Stores files of documents and alert changes with whatever version of zeromile is on the path.

`python store_writer.py URL SERVER FILE…` prints, as JSON, what storing took, and what counting the
tables for the planner and bringing the views up to date took afterwards: seconds of wall, of this
process's own processor time, of that of the thread that writes, and of that of the server whose process
is named (0: there is none).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streams.setup.garbage import collect_seldom
from streams.store import from_file
from streams.store.database import migrate, open_database
from tests.benchmarks.processes import cpu_seconds


class Watch:
    """Adds up what calls of a function took: wall, processor time of us, of this thread, the server."""

    def __init__(self, function: Callable[..., Any], server: int) -> None:
        self._function = function
        self._server = server
        self.taken = (0.0, 0.0, 0.0, 0.0)

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Call the function and count it."""
        before = self._now()
        try:
            return self._function(*arguments, **options)
        finally:
            spent = zip(self.taken, self._now(), before, strict=True)
            self.taken = tuple(known + now - then for known, now, then in spent)

    def _now(self) -> tuple[float, float, float, float]:
        server = cpu_seconds(self._server) if self._server else 0.0
        return time.perf_counter(), time.process_time(), time.thread_time(), server


def main() -> None:
    """Store the files and say what it took."""
    collect_seldom()  # as the command does
    url, server, *files = sys.argv[1:]
    engine = open_database(url)
    migrate(engine)
    # The earlier version has views that are worked out when read: nothing to bring up to date.
    after = {
        name: Watch(getattr(from_file, name, lambda _: None), int(server))
        for name in ("refresh_statistics", "refresh_views")
    }
    for name, watch in after.items():
        setattr(from_file, name, watch)
    storing = Watch(from_file.store_files, int(server))
    storing(engine, [Path(name) for name in files])
    engine.dispose()
    others = zip(*(watch.taken for watch in after.values()), strict=True)
    own = [whole - sum(parts) for whole, parts in zip(storing.taken, others, strict=True)]
    told = {"storing": own, **{name: watch.taken for name, watch in after.items()}}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
