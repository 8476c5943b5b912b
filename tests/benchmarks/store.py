"""`store`: what keeping evidence costs the store, beside the version that kept rows alone.

The peer is our own last commit before records were kept as received with a log over them, taken out of
the repository and run in turn with the present sources on the same PostgreSQL.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa

from streams.store.database import open_database
from tests.benchmarks.earlier import unpack
from tests.benchmarks.environments import PeerUnavailableError
from tests.benchmarks.inputs import cache_directory, country
from tests.benchmarks.processes import ProgramFailedError, run_measured, zeromile_command
from tests.benchmarks.quantities import speed
from tests.benchmarks.results import Check, Quantity, Report, Rounds
from tests.benchmarks.surroundings import look_around
from tests.store.postgres_cluster import PostgresCluster, PostgresUnavailableError

ROOT: Final = Path(__file__).parents[2]
WRITER: Final = Path(__file__).parent / "peers" / "store_writer.py"
BEFORE_EVIDENCE: Final = "47ea70e5cd2a50e52ab67a775af46ba4c26ea054"
"""Last commit whose store kept no records, no log and no parties."""
EARLIER: Final = "rows alone (before evidence was kept)"
NOW: Final = "rows, records as received, log"
SIZE: Final = Quantity("PostgreSQL a record", "bytes")
REFRESH: Final = Quantity("views brought up to date", "s")
IN_TURN: Final = Quantity("documents per second that writing allows", "1/s")
"""By the processor time of what waits for one another: the thread that writes, and PostgreSQL."""


class _Taken(msgspec.Struct):
    """Wall, processor time of the program, of its thread that writes, and of the server, in seconds."""

    storing: tuple[float, float, float, float]
    refresh_views: tuple[float, float, float, float]


def measure_store(vehicles: int, seed: int, repetitions: int) -> Report:
    """Store a simulated country with its alert changes, in turn by the earlier store and by this one.

    Raises
    ------
    PeerUnavailableError
        PostgreSQL or the earlier commit is not there.
    """
    data = country(vehicles, seed)
    changes = cache_directory() / f"changes-{vehicles}-{seed}-{data.digest}.jsonl"
    if not changes.exists():
        partial = changes.with_suffix(".partial")
        run_measured(zeromile_command("replay", str(data.path), "--alerts", str(partial), "--force"))
        partial.rename(changes)
    rounds = Rounds()
    stored: set[tuple[int, ...]] = set()
    with _earlier_sources() as earlier, _server() as server:
        for _ in range(repetitions):
            for name, sources in ((EARLIER, earlier), (NOW, ROOT)):
                records = _store(server, sources, [data.path, changes], name, rounds)
                stored.add(records)
    return Report(
        benchmark="store",
        title=f"Storing {data.documents:,} documents and the alert changes of {vehicles:,} vehicles",
        headline=IN_TURN.name,
        settings={"vehicles": vehicles, "seed": seed, "repetitions": repetitions, "input": data.digest},
        surroundings=look_around(),
        rows=rounds.rows(beside=EARLIER),
        checks=[Check("both stored as many documents and alert changes", len(stored) == 1)],
        notes=[
            f"Records: documents and alert changes. Peer: commit {BEFORE_EVIDENCE[:12]}. Processor "
            "time is that of the program and PostgreSQL together; fsync is off. The store makes the "
            "next batch ready in a thread while the database writes: what writing allows is what two "
            "idle cores store, told by processor time; wall is what this machine had left. Views are "
            "materialised since then, and brought up to date beside: at most a twentieth of the time "
            "of a running store. Size: all tables and indexes, views left out, by records stored."
        ],
    )


def _store(
    server: PostgresCluster, sources: Path, files: list[Path], name: str, rounds: Rounds
) -> tuple[int, ...]:
    url = server.url(server.new_database())
    command = [sys.executable, "-W", "ignore", str(WRITER), url, str(server.pid), *map(str, files)]
    done = subprocess.run(  # noqa: S603 - a program of our own
        command, env=os.environ | {"PYTHONPATH": str(sources)}, cwd=tempfile.gettempdir(),
        capture_output=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode:
        raise ProgramFailedError(done.stderr.decode("utf-8", "replace")[-2000:])
    taken = msgspec.json.decode(done.stdout, type=_Taken)
    wall, own, thread, others = taken.storing
    kept, size = _kept(url)
    records = sum(kept)
    rounds.add(
        name,
        {
            IN_TURN: records / (thread + others),
            **speed(records, own + others, wall),
            SIZE: size / records,
            REFRESH: taken.refresh_views[0],
        },
    )
    return kept


def _kept(url: str) -> tuple[tuple[int, int], int]:
    """Documents and alert changes that are there, and the bytes of all tables and indexes."""
    engine = open_database(url)
    size_of_all = (
        "SELECT SUM(pg_total_relation_size(oid)) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    with engine.connect() as connection:
        documents = connection.execute(sa.text("SELECT COUNT(*) FROM documents")).scalar_one()
        changes = connection.execute(sa.text("SELECT COUNT(*) FROM alert_history")).scalar_one()
        size = int(connection.execute(sa.text(size_of_all)).scalar_one())
    engine.dispose()
    return (documents, changes), size


@contextmanager
def _earlier_sources() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="zeromile-earlier-") as folder:
        unpack(BEFORE_EVIDENCE, Path(folder))
        yield Path(folder)


@contextmanager
def _server() -> Iterator[PostgresCluster]:
    try:
        server = PostgresCluster()
    except PostgresUnavailableError as error:
        raise PeerUnavailableError(str(error)) from None
    try:
        server.start()
        server.make_roles()
        yield server
    finally:
        server.remove()
