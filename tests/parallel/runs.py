"""Runs of the same streams on one process and on several, and all that came of them."""

import datetime
from dataclasses import dataclass
from pathlib import Path

from detectors.registry import Catalogue
from streams.backfill.outputs import OutputFiles, ReplaySummary
from streams.backfill.replay import Replay
from streams.engine.results import Counters
from streams.parallel import Judge, ParallelReplay
from streams.report import Sources, write_report
from streams.setup.policy import load_policy

MOMENT = datetime.datetime(2026, 8, 1, 12, tzinfo=datetime.UTC)


@dataclass
class Outcome:
    """Everything that a replay gives away."""

    final: bytes
    letters: bytes
    changes: list[bytes]
    """Alert changes in the order in which they were written, if they were."""
    changed: int
    """How many there were."""
    counters: Counters
    vehicles: int
    records: dict[str, bytes | None]
    """What is kept of every vehicle."""
    report: bytes

    def by_subject(self) -> list[bytes]:
        """Alert changes by subject, those of one subject in order."""
        return sorted(self.changes, key=lambda change: change.split(b'"subject":"')[1].split(b'"')[0])


def on_one(folder: Path, files: list[Path], *, on_the_way: bool = True, **how: int | None) -> Outcome:
    outputs = _outputs(folder, on_the_way=on_the_way)
    job = Replay(Catalogue(load_policy()), outputs, clock=lambda: MOMENT)
    return _outcome(outputs, job, job.run(files, **how))


def on_several(
    folder: Path,
    files: list[Path],
    workers: int,
    on_disk: Path | None = None,
    *,
    on_the_way: bool = True,
    **how: int | None,
) -> Outcome:
    outputs = _outputs(folder, on_the_way=on_the_way)
    with ParallelReplay(Judge(), workers, outputs, on_disk, clock=lambda: MOMENT) as job:
        return _outcome(outputs, job, job.run(files, **how))


def _outputs(folder: Path, *, on_the_way: bool) -> OutputFiles:
    """Vehicles are judged on the way where changes of alerts are to be written."""
    folder.mkdir(exist_ok=True)
    changes = folder / "changes.jsonl" if on_the_way else None
    return OutputFiles(changes, folder / "final.jsonl", folder / "letters.jsonl")


def _outcome(outputs: OutputFiles, job: Replay | ParallelReplay, replayed: ReplaySummary) -> Outcome:
    assert outputs.final is not None
    assert outputs.dead_letters is not None
    store = job.judged.store
    assert not replayed.failures
    return Outcome(
        final=outputs.final.read_bytes(),
        letters=outputs.dead_letters.read_bytes(),
        changes=outputs.alerts.read_bytes().splitlines() if outputs.alerts else [],
        changed=replayed.changes,
        counters=replayed.counters,
        vehicles=replayed.vehicles,
        records={vin: store.get(vin) for vin in sorted(store.vins())},
        report=_report(outputs.final.with_name("report.html"), job, replayed),
    )


def _report(path: Path, job: Replay | ParallelReplay, replayed: ReplaySummary) -> bytes:
    sources = Sources(("stream",), made_on=MOMENT.date())
    write_report(path, job.judged, replayed.firing.values(), sources, job.provinces.latest)
    return path.read_bytes()


def assert_same(several: Outcome, one: Outcome) -> None:
    """Compare all that must not depend on how many processes there are."""
    assert several.final == one.final
    assert several.letters == one.letters
    assert several.counters == one.counters
    assert list(several.counters.dead_lettered) == list(one.counters.dead_lettered)
    assert several.vehicles == one.vehicles
    assert several.records == one.records
    assert several.by_subject() == one.by_subject()
    assert several.changed == one.changed
    assert several.report == one.report
