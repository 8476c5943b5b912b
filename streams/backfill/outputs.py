"""What a replay has come to so far, and the files that say so."""

import base64
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Final, NamedTuple

import msgspec

from detectors.alerts import Alert
from detectors.errors import DocumentError
from detectors.exports import ExportChange
from detectors.policy import Policy
from streams.backfill.firing import FiringAlerts, record_of
from streams.engine.province_aggregator import ProvinceAggregator
from streams.engine.results import Counters, DetectorFailure
from streams.feeds.reading import Line
from streams.setup.clock import utc_now

BATCH: Final = 5_000
"""Documents after which vehicles are judged where every change of an alert is to be written."""
READ_AT_ONCE: Final = 20_000
"""Documents that are read together where vehicles are judged at the end."""
PAGE: Final = 20_000
"""Vehicles that are judged together at the end."""
_encode = msgspec.json.Encoder().encode

Judging = Callable[[int], Callable[[int], None]]
"""Gives, for the number of vehicles to judge, whom to tell how many more are judged."""


@dataclass(frozen=True, slots=True)
class OutputFiles:
    """Files to write, each ``None`` for not wanted."""

    alerts: Path | None = None
    """Every change of every alert, in order."""
    final: Path | None = None
    """Alerts that still fire at the end, sorted by id."""
    dead_letters: Path | None = None


@dataclass(slots=True)
class ReplaySummary:
    """What a replay came to."""

    counters: Counters
    vehicles: int
    firing: FiringAlerts
    """Alerts that still fire, by id."""
    changes: int
    """How often an alert began, changed or was resolved."""
    failures: list[DetectorFailure] = field(default_factory=list)
    """The first failure of each detector."""
    first_refused: "RefusedLine | None" = None


class AlertRecord(NamedTuple):
    """A change of an alert as it is written, with what must be known to keep it."""

    alert_id: str
    firing: bool
    record: bytes
    """JSON, without a line end."""


class RefusedLine(NamedTuple):
    """A refused line and why."""

    line: Line
    error: DocumentError


class ReplayOutputs:
    """Takes what every batch came to: alerts, exports, refused lines, failures.

    Parameters
    ----------
    policy
        Thresholds of the provinces' watch.
    outputs
        What to write.
    clock
        Wall clock for ``detected_at`` of the provinces' alerts.
    """

    def __init__(
        self,
        policy: Policy,
        outputs: OutputFiles | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.provinces = ProvinceAggregator(policy, clock)
        self.firing = FiringAlerts()
        self.failures: dict[str, DetectorFailure] = {}
        """The first of each detector."""
        self.first_refused: RefusedLine | None = None
        self._told = 0
        """Changes of alerts so far."""
        self._outputs = outputs or OutputFiles()
        self._changes: IO[bytes] | None = None
        self._letters: IO[bytes] | None = None

    @property
    def batch(self) -> int | None:
        """Documents after which vehicles are judged, where it matters what comes and goes on the way.

        Judged once at the end, four million documents take a fifth less time.
        """
        return None if self._outputs.alerts is None else BATCH

    def open(self, stack: ExitStack) -> None:
        """Open the files that grow with the replay, until a stack closes them."""
        self._changes = _open(stack, self._outputs.alerts)
        self._letters = _open(stack, self._outputs.dead_letters)

    def refuse(self, refusals: Iterable[RefusedLine]) -> None:
        """Write refused lines, which come in the order of the lines."""
        for refusal in refusals:
            self.first_refused = self.first_refused or refusal
            if self._letters is not None:
                self._letters.write(_encode(describe_dead_letter(*refusal)) + b"\n")

    def take(
        self,
        alerts: Iterable[AlertRecord],
        exports: Iterable[ExportChange],
        failures: list[DetectorFailure],
        today: int | None,
    ) -> None:
        """Take what a batch came to.

        Parameters
        ----------
        alerts, exports, failures
            Of the vehicles.
        today
            Newest civil day of the customs feed after the batch; ``None`` if the provinces are not
            to be judged yet.
        """
        self._tell(alerts)
        self.provinces.count(exports)
        self._tell(map(alert_as_record, self.provinces.judge_daily(today)))
        for failure in failures:
            self.failures.setdefault(failure.detector, failure)

    def conclude(self, today: int | None) -> None:
        """Judge the provinces a last time and write what fires."""
        self._tell(map(alert_as_record, self.provinces.judge(today)))
        if self._outputs.final is not None:
            with self._outputs.final.open("wb") as out:
                for record in self.firing.records():
                    out.write(record + b"\n")

    def outcome(self, counters: Counters, vehicles: int) -> ReplaySummary:
        """What the replay came to, of so many documents and vehicles."""
        return ReplaySummary(
            counters,
            vehicles,
            self.firing,
            self._told,
            list(self.failures.values()),
            self.first_refused,
        )

    def _tell(self, alerts: Iterable[AlertRecord]) -> None:
        for alert in alerts:
            self._told += 1
            self.firing.note(alert.alert_id, alert.record, firing=alert.firing)
            if self._changes is not None:
                self._changes.write(alert.record + b"\n")


def alert_as_record(alert: Alert) -> AlertRecord:
    """Write an alert's change."""
    return AlertRecord(alert.alert_id, alert.state == "firing", record_of(alert))


def _open(stack: ExitStack, path: Path | None) -> IO[bytes] | None:
    return None if path is None else stack.enter_context(path.open("wb"))


def describe_dead_letter(line: Line, error: DocumentError) -> dict[str, object]:
    """A dead letter as one JSON object: where, why, and the bytes unchanged."""
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
