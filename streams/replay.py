"""The embedded job: recorded streams through the engine, without a broker."""

import base64
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import msgspec

from detectors.alerts import Alert
from detectors.registry import Catalogue
from streams.engine import Engine
from streams.firing import FiringAlerts
from streams.provinces import ProvinceBook
from streams.reading import Advance, Line, batched, read_lines
from streams.results import Counters, DeadLetter, DetectorFailure, RawDocument, Result
from streams.store import MemoryStore
from streams.vin_corrections import VinCorrections

BATCH: Final = 5_000
"""Documents per batch: every vehicle in a batch is judged once."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Outputs:
    """Files to write, each ``None`` for not wanted."""

    alerts: Path | None = None
    """Every change of every alert, in order."""
    final: Path | None = None
    """Alerts that still fire at the end, sorted by id."""
    dead_letters: Path | None = None


@dataclass(slots=True)
class Replayed:
    """What a replay came to."""

    counters: Counters
    vehicles: int
    firing: FiringAlerts
    """Alerts that still fire, by id."""
    failures: list[DetectorFailure] = field(default_factory=list)
    """The first few detector failures, for the summary."""


_MOST_FAILURES_KEPT: Final = 20


class Replay:
    """One run of recorded streams through a fresh engine.

    Parameters
    ----------
    catalogue
        The detectors.
    outputs
        What to write.
    """

    def __init__(self, catalogue: Catalogue, outputs: Outputs | None = None) -> None:
        self.engine = Engine(catalogue, MemoryStore(), corrections=VinCorrections())
        self.provinces = ProvinceBook(catalogue.policy)
        self._outputs = outputs or Outputs()
        self._firing = FiringAlerts()
        self._failures: list[DetectorFailure] = []

    def run(
        self,
        files: Iterable[Path],
        *,
        complete_through: int | None = None,
        advance: Callable[[Path], Advance] | None = None,
        batch: int = BATCH,
    ) -> Replayed:
        """Read files one after the other and judge what they say.

        Parameters
        ----------
        files
            Recorded streams, ``-`` for standard input.
        complete_through
            Civil day through which every feed is taken as complete at the end.
        advance
            Gives, for each file, whom to tell about its progress.
        batch
            Documents per batch.
        """
        with ExitStack() as stack:
            changes = _open(stack, self._outputs.alerts)
            letters = _open(stack, self._outputs.dead_letters)
            for path in files:
                tell = advance(path) if advance else None
                for lines in batched(read_lines(path, tell), batch):
                    documents = [RawDocument(line.value) for line in lines]
                    result = self.engine.process(documents)
                    _write_dead_letters(letters, lines, documents, result.dead_letters)
                    self._take(result, changes)
            if complete_through is not None:
                self._take(self.engine.declare_complete(complete_through), changes)
            self._tell(self.provinces.judge(self._newest_export_day()), changes)
        self._write_final()
        return Replayed(self.engine.counters, len(self.engine.store), self._firing, self._failures)

    def _newest_export_day(self) -> int | None:
        return self.engine.watermarks.newest_day("customs_export")

    def _take(self, result: Result, changes: IO[bytes] | None) -> None:
        self._tell(result.alerts, changes)
        self.provinces.count(result.exports)
        self._tell(self.provinces.judge_daily(self._newest_export_day()), changes)
        self._failures += result.failures[: _MOST_FAILURES_KEPT - len(self._failures)]

    def _tell(self, alerts: list[Alert], changes: IO[bytes] | None) -> None:
        for alert in alerts:
            record = self._firing.note(alert)
            if changes is not None:
                changes.write(record + b"\n")

    def _write_final(self) -> None:
        if self._outputs.final is not None:
            with self._outputs.final.open("wb") as out:
                for record in self._firing.records():
                    out.write(record + b"\n")


def _open(stack: ExitStack, path: Path | None) -> IO[bytes] | None:
    return None if path is None else stack.enter_context(path.open("wb"))


def _write_dead_letters(
    out: IO[bytes] | None,
    lines: list[Line],
    documents: list[RawDocument],
    dead_letters: list[DeadLetter],
) -> None:
    if out is None or not dead_letters:
        return
    places = {id(document): line for document, line in zip(documents, lines, strict=True)}
    for letter in dead_letters:
        line = places[id(letter.document)]
        out.write(_encode(describe_dead_letter(line, letter)) + b"\n")


def describe_dead_letter(line: Line, letter: DeadLetter) -> dict[str, object]:
    """A dead letter as one JSON object: where, why, and the bytes unchanged."""
    error = letter.error
    described: dict[str, object] = {
        "file": line.file,
        "line": line.number,
        "reason": error.reason,
        "document": error.document,
        "field": error.field,
        "value": error.value,
        "allowed": error.allowed,
    }
    try:
        described["payload"] = line.value.decode()
    except UnicodeDecodeError:
        described["payload_base64"] = base64.b64encode(line.value).decode()
    return described
