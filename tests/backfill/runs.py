"""Runs of the same streams by the engine and by the backfill, and all that came of them."""

import datetime
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from detectors.decoding import decode
from detectors.identities import Decode
from detectors.registry import Catalogue
from streams.backfill.backfill import Backfill, Means
from streams.backfill.outputs import OutputFiles, ReplaySummary
from streams.backfill.replay import Replay
from streams.engine.results import Counters
from streams.report import Sources, write_report
from streams.report.vehicles import VehicleTally
from streams.setup.policy import load_policy

MOMENT = datetime.datetime(2026, 8, 1, 12, tzinfo=datetime.UTC)


@dataclass
class Outcome:
    """Everything that a run gives away."""

    final: bytes
    letters: bytes
    changes: int
    """How many alerts began."""
    counters: Counters
    vehicles: int
    report: bytes


def by_engine(
    folder: Path,
    files: list[Path],
    *,
    catalogue: Catalogue | None = None,
    read: Decode = decode,
    complete_through: int | None = None,
) -> Outcome:
    outputs = _outputs(folder)
    job = Replay(catalogue or Catalogue(load_policy()), outputs, read, clock=lambda: MOMENT)
    replayed = job.run(files, complete_through=complete_through)
    return _outcome(outputs, job.engine, job, replayed)


def by_backfill(
    folder: Path,
    files: list[Path],
    *,
    catalogue: Catalogue | None = None,
    read: Decode = decode,
    complete_through: int | None = None,
    screened: bool = True,
    **means: Any,
) -> Outcome:
    outputs = _outputs(folder)
    job = Backfill(
        catalogue or Catalogue(load_policy()),
        outputs,
        read,
        lambda: MOMENT,
        Means(**means),
        screened=screened,
        visitor=VehicleTally,
    )
    with job:
        return _outcome(outputs, job, job, job.run(files, complete_through=complete_through))


def assert_unvisited_same(
    folder: Path, files: list[Path], engine: Outcome, complete_through: int | None = None
) -> None:
    """Compare with a backfill of which nobody asks for more than alerts: it opens fewer vehicles."""
    outputs = _outputs(folder)
    assert outputs.final is not None
    catalogue = Catalogue(load_policy())
    with Backfill(catalogue, outputs, clock=lambda: MOMENT) as job:
        replayed = job.run(files, complete_through=complete_through)
    assert job.counters == engine.counters
    assert (replayed.vehicles, replayed.changes) == (engine.vehicles, engine.changes)
    assert outputs.final.read_bytes() == engine.final


def _outputs(folder: Path) -> OutputFiles:
    folder.mkdir(exist_ok=True)
    return OutputFiles(None, folder / "final.jsonl", folder / "letters.jsonl")


def _outcome(
    outputs: OutputFiles, judged: Any, job: Replay | Backfill, replayed: ReplaySummary
) -> Outcome:
    assert outputs.final is not None
    assert outputs.dead_letters is not None
    report = outputs.final.with_name("report.html")
    sources = Sources(("stream",), made_on=MOMENT.date())
    write_report(report, judged, replayed.firing.values(), sources, job.provinces.latest)
    return Outcome(
        final=outputs.final.read_bytes(),
        letters=outputs.dead_letters.read_bytes(),
        changes=replayed.changes,
        counters=replayed.counters,
        vehicles=replayed.vehicles,
        report=report.read_bytes(),
    )


def assert_same(one: Outcome, other: Outcome) -> None:
    """Compare all that must not depend on the road."""
    assert one.counters == other.counters
    assert list(one.counters.dead_lettered) == list(other.counters.dead_lettered)
    assert one.vehicles == other.vehicles
    assert one.final == other.final
    assert one.letters == other.letters
    assert one.changes == other.changes
    assert one.report == other.report
