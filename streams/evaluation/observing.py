"""What the detectors said about a stream: from a run of the engine, or from a replay's alerts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from detectors import civil_time
from detectors.alerts import Alert
from detectors.errors import ZeromileError
from detectors.findings import Severity
from detectors.registry import Catalogue
from streams.engine.engine import Engine
from streams.engine.province_aggregator import ProvinceAggregator
from streams.engine.results import RawDocument
from streams.engine.vin_corrections import VinCorrections
from streams.feeds.reading import Advance, Line, ReadError, read_lines
from streams.state.store import MemoryStore

_RECORDED_AT: Final = b'"recorded_at":"'
_DATE_LENGTH: Final = len("2024-01-31")
MOST_IN_A_BATCH: Final = 5_000


class AlertsError(ZeromileError):
    """A file of alerts that cannot be used."""


class AlertChange(msgspec.Struct, frozen=True):
    """What matters here of a change of an alert."""

    alert_id: str
    detector: str
    subject_type: Literal["vehicle", "province"]
    subject: str
    state: Literal["firing", "resolved"]
    occurred_at: str
    severity: Severity
    score: float
    shadow: bool


class FiringAlert(NamedTuple):
    """An alert on a vehicle that fires at the end."""

    detector: str
    vehicle: str
    severity: Severity
    score: float
    shadow: bool
    day: int | None
    """Civil day of the event it hangs on."""

    @property
    def accuses(self) -> bool:
        """Whether it says aloud, and not in passing, that something is wrong."""
        return not self.shadow and self.severity != "low"


@dataclass(slots=True)
class Sighting:
    """A detector's word on a subject."""

    first_day: int | None
    """Stream day (ordinal) of the first alert; ``None`` where the stream's time is not known."""
    firing: dict[str, str] = field(default_factory=dict)
    """Event times of the alerts that fire at the end, by alert id."""
    began: dict[str, int | None] = field(default_factory=dict)
    """Stream day on which each alert first fired, by alert id; resolved ones too."""
    occurred: dict[str, str] = field(default_factory=dict)
    """Event time of each alert that ever fired, by alert id."""


@dataclass(slots=True)
class ObservedRun:
    """Everything that was said."""

    firing: dict[str, FiringAlert] = field(default_factory=dict)
    """Alerts on vehicles that fire at the end, by id."""
    accused_on: dict[str, int] = field(default_factory=dict)
    """Stream day of the first accusation, by VIN; empty where the stream's time is not known."""
    seen_on: dict[str, int] = field(default_factory=dict)
    """Stream day of the first document, by VIN; the same."""
    days: int = 0
    """How many days the stream goes on; 0 where that is not known."""
    provinces: dict[tuple[str, str], Sighting] = field(default_factory=dict)
    """By province and detector."""
    refused: dict[int, str] | None = None
    """Reason by line number, from 1; ``None`` where no engine ran."""
    documents: int | None = None
    detector_errors: int = 0

    def take(self, change: AlertChange, day: int | None) -> None:
        """Note a change of an alert on a day of the stream."""
        if change.subject_type == "vehicle":
            self._take_vehicle(change, day)
            return
        key = (change.subject, change.detector)
        sighting = self.provinces.get(key)
        if sighting is None:
            sighting = self.provinces[key] = Sighting(day)
        if change.state == "resolved":
            sighting.firing.pop(change.alert_id, None)
            return
        sighting.began.setdefault(change.alert_id, day)
        sighting.occurred[change.alert_id] = change.occurred_at
        sighting.firing[change.alert_id] = change.occurred_at

    def _take_vehicle(self, change: AlertChange, day: int | None) -> None:
        if change.state == "resolved":
            self.firing.pop(change.alert_id, None)
            return
        alert = self.firing[change.alert_id] = FiringAlert(
            change.detector, change.subject, change.severity, change.score, change.shadow,
            civil_time.parse(change.occurred_at).day,
        )  # fmt: skip
        if alert.accuses and day is not None:
            self.accused_on.setdefault(alert.vehicle, day)


def observe_run(path: Path, catalogue: Catalogue, advance: Advance | None = None) -> ObservedRun:
    """Run the engine over a recorded stream, one batch a stream day, and note when it says what.

    Parameters
    ----------
    path
        The documents in arrival order.
    catalogue
        The detectors.
    advance
        Told how many bytes have been read.
    """
    engine = Engine(catalogue, MemoryStore(), corrections=VinCorrections())
    provinces = ProvinceAggregator(catalogue.policy)
    refused: dict[int, str] = {}
    seen = ObservedRun(refused=refused)
    first = day = None
    for day, lines in _by_day(read_lines(path, advance)):
        documents = [RawDocument(line.value) for line in lines]
        validated = engine.validate(documents)
        if day is not None:
            first = day if first is None else first
            seen.days = day - first + 1
            for vin in validated.published:
                seen.seen_on.setdefault(vin, day)
        result = engine.process_batch(validated)
        provinces.count(result.exports)
        newest = engine.watermarks.newest_day("customs_export")
        _take(seen, [*result.alerts, *provinces.judge_daily(newest)], day)
        numbers = {id(raw): line.number for raw, line in zip(documents, lines, strict=True)}
        for letter in result.dead_letters:
            refused[numbers[id(letter.document)]] = letter.error.reason
    _take(seen, provinces.judge(engine.watermarks.newest_day("customs_export")), day)
    seen.documents = engine.counters.read
    seen.detector_errors = engine.counters.detector_errors.total()
    return seen


def _take(seen: ObservedRun, alerts: Iterable[Alert], day: int | None) -> None:
    for alert in alerts:
        change = AlertChange(
            alert_id=alert.alert_id,
            detector=alert.detector,
            subject_type=alert.subject_type,
            subject=alert.subject,
            state=alert.state,
            occurred_at=alert.occurred_at,
            severity=alert.severity,
            score=alert.score,
            shadow=alert.shadow,
        )
        seen.take(change, day)


def observe_alerts(path: Path) -> ObservedRun:
    """Read the alert changes of a replay (``replay --alerts`` or ``--final``, plain or gzip).

    Such a file does not say when in the stream an alert came, so nothing is known about delays.

    Raises
    ------
    AlertsError
        Naming the file, the line and what is wrong with it.
    """
    seen = ObservedRun()
    decode = msgspec.json.Decoder(AlertChange).decode
    number = 0
    try:
        for line in read_lines(path, wanted=("alerts",)):
            number = line.number
            seen.take(decode(line.value), None)
    except ReadError as error:
        raise AlertsError(str(error)) from error
    except msgspec.DecodeError as error:
        raise AlertsError(f"{path}, line {number}: {error}") from error
    return seen


def _by_day(lines: Iterator[Line]) -> Iterator[tuple[int | None, list[Line]]]:
    """Cut a stream where a day's last recording has come in, so that delays can be told in days."""
    batch: list[Line] = []
    today, newest = None, b""
    for line in lines:
        date = _recorded(line.value)
        day = _ordinal(date) if date > newest else None
        if batch and (day is not None or len(batch) >= MOST_IN_A_BATCH):
            yield today, batch
            batch = []
        if day is not None:
            newest, today = date, day
        batch.append(line)
    if batch:
        yield today, batch


def _recorded(line: bytes) -> bytes:
    begin = line.find(_RECORDED_AT)
    if begin < 0:
        return b""
    begin += len(_RECORDED_AT)
    return line[begin : begin + _DATE_LENGTH]


def _ordinal(date: bytes) -> int | None:
    try:
        return civil_time.parse(date.decode("ascii")).day
    except ValueError:
        return None
