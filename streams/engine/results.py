"""What goes into the engine and what comes out of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from detectors.alerts import Alert
from detectors.documents import EventType
from detectors.errors import DocumentError
from detectors.exports import ExportChange
from detectors.filing import FilingOutcome, Position
from detectors.vin import NoCar

Filed = Counter[tuple[EventType, FilingOutcome]]
"""How many documents of each type came to what when they were filed."""


class RawDocument(NamedTuple):
    """A document as it was read."""

    value: bytes
    position: Position | None = None
    key: bytes | None = None
    """Key of the Kafka record, for an engine that checks keys."""
    written_ms: int = 0
    """When the record was written, in milliseconds since 1970; 0 or less if that is not known."""


class RefusedDocument(NamedTuple):
    """A document that was refused, and why."""

    document: RawDocument
    error: DocumentError


class DetectorFailure(NamedTuple):
    """A detector that raised while it judged a vehicle."""

    detector: str
    documents: tuple[str, ...]
    """``source/event_id`` of the vehicle's documents."""
    error: Exception
    vin: str = ""
    """The vehicle; for people at a terminal, never for a log or a metric."""


@dataclass(slots=True)
class Counters:
    """What became of the documents: read = accepted + duplicate + stale + dead-lettered."""

    read: int = 0
    accepted: int = 0
    duplicate: int = 0
    stale: int = 0
    dead_lettered: Counter[str] = field(default_factory=Counter)
    """By reason."""
    vin_corrections: int = 0
    """Withdrawals made because an amendment changed the VIN."""
    of_no_car: Counter[tuple[str, NoCar]] = field(default_factory=Counter)
    """Accepted documents whose number identifies no car, by feed and why."""
    detector_errors: Counter[str] = field(default_factory=Counter)
    """By detector id."""

    def count(self, result: "Result") -> None:
        """Count what became of the documents of a batch."""
        self.of_no_car += result.of_no_car
        for (_, outcome), number in result.filed.items():
            if outcome is FilingOutcome.DUPLICATE:
                self.duplicate += number
            elif outcome is FilingOutcome.STALE:
                self.stale += number
            else:
                self.accepted += number


@dataclass(slots=True)
class Result:
    """What a batch came to."""

    alerts: list[Alert] = field(default_factory=list)
    dead_letters: list[RefusedDocument] = field(default_factory=list)
    failures: list[DetectorFailure] = field(default_factory=list)
    exports: list[ExportChange] = field(default_factory=list)
    """Vehicles whose counted export is another than before."""
    filed: Filed = field(default_factory=Counter)
    of_no_car: Counter[tuple[str, NoCar]] = field(default_factory=Counter)
    """Documents whose number identifies no car, by feed (their source) and why."""
