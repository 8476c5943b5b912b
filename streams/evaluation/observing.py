"""What the detectors said about a stream: from a run of the engine, or from a replay's alerts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from detectors import civil_time
from detectors.alerts import Alert
from detectors.decoding import decode
from detectors.errors import ZeromileError
from detectors.filing import FiledDocument
from detectors.findings import Severity
from detectors.identities import Decode
from detectors.registry import Catalogue
from streams.backfill.stream import ReadDocument, read_stream
from streams.engine.engine import Engine
from streams.engine.province_aggregator import ProvinceAggregator
from streams.engine.vin_corrections import VinCorrections
from streams.evaluation.baselines import Register, RegisterCount
from streams.feeds.reading import Advance, ReadError, read_lines
from streams.state.store import MemoryStore

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


def observe_run(
    path: Path, catalogue: Catalogue, decode: Decode = decode, advance: Advance | None = None
) -> tuple[ObservedRun, Register]:
    """Run the engine over a recorded stream, one batch a stream day, and note when it says what.

    Parameters
    ----------
    path
        The documents in arrival order, or a ledger of them.
    catalogue
        The detectors.
    decode
        Reads a document.
    advance
        Told how many bytes have been read.

    Returns
    -------
    tuple
        What was said, and what anybody can count in the stream.
    """
    engine = Engine(catalogue, MemoryStore(), corrections=VinCorrections())
    provinces = ProvinceAggregator(catalogue.policy)
    refused: dict[int, str] = {}
    seen = ObservedRun(documents=0, refused=refused)
    counted = RegisterCount()
    first = day = None
    for day, batch in _by_day(read_stream(path, decode, advance)):
        seen.documents = (seen.documents or 0) + len(batch)
        refused.update((one.line, one.refused) for one in batch if one.refused is not None)
        if any(one.file for one in batch):
            seen.refused = None  # the truth speaks of lines of one file
        documents = [one.document for one in batch if one.document is not None]
        for document in documents:
            counted.add(document)
        received = engine.receive((FiledDocument(document), 0) for document in documents)
        if day is not None:
            first = day if first is None else first
            seen.days = day - first + 1
            for vin in received.published:
                seen.seen_on.setdefault(vin, day)
        result = engine.process_batch(received)
        provinces.count(result.exports)
        newest = engine.watermarks.newest_day("customs_export")
        _take(seen, [*result.alerts, *provinces.judge_daily(newest)], day)
    _take(seen, provinces.judge(engine.watermarks.newest_day("customs_export")), day)
    seen.detector_errors = engine.counters.detector_errors.total()
    return seen, counted.register()


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


def _by_day(stream: Iterator[ReadDocument]) -> Iterator[tuple[int | None, list[ReadDocument]]]:
    """Cut a stream where a day's last recording has come in, so that delays can be told in days."""
    batch: list[ReadDocument] = []
    today: int | None = None
    for read in stream:
        recorded = None if read.document is None else read.document.recorded_day
        later = recorded is not None and (today is None or recorded > today)
        if batch and (later or len(batch) >= MOST_IN_A_BATCH):
            yield today, batch
            batch = []
        if later:
            today = recorded
        batch.append(read)
    if batch:
        yield today, batch
