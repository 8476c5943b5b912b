"""A case in plain data: what a pack tells, whoever asked the store for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record of the log with what proves it."""

    leaf_index: int
    kind: str
    """`alert`, `document` or `case` (what people decided)."""
    about: str
    """Source and event id of a document, alert id of an alert change or a case's event."""
    vin: str
    revision: int
    value: bytes
    entry: bytes
    """Canonical bytes of the log's entry."""
    path: tuple[bytes, ...]
    """Inclusion proof."""
    concealed: bool

    @property
    def name(self) -> str:
        """Name of the record's files."""
        return f"{self.leaf_index:010d}"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A line of a vehicle's timeline."""

    day: str
    entry: str
    sentence: str
    reference: str
    """Source and event id, or alert id."""
    state: str


@dataclass(frozen=True, slots=True)
class CaseAlert:
    """An alert as it stands."""

    alert_id: str
    detector: str
    detector_version: int
    model_id: str | None
    policy_id: str | None
    severity: str
    score: float
    title: str
    explanation: str
    facts: dict[str, Any]
    evidence: tuple[str, ...]
    """Source and event id of each document."""


@dataclass(frozen=True, slots=True)
class CaseVehicle:
    """One vehicle: a page."""

    vin: str
    timeline: tuple[TimelineEntry, ...]
    alerts: tuple[CaseAlert, ...]


@dataclass(frozen=True, slots=True)
class RankedParty:
    """A party by what it had to do with the case's vehicles."""

    party_id: str
    role: str
    party_type: str
    vehicles: int


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """Something to ask for, and where."""

    kind: str
    """`invoice`, `declaration` or `licence`."""
    number: str
    vin: str
    day: str
    where: str
    reference: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything that a pack holds."""

    question: dict[str, str]
    made_at: str
    origin: str
    checkpoint: str
    """The note against which the records are proved; signed or not."""
    vehicles: tuple[CaseVehicle, ...]
    parties: tuple[RankedParty, ...]
    requests: tuple[DocumentRequest, ...]
    records: tuple[KeptRecord, ...]
    consistency: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    """Proofs that the log goes on from earlier checkpoints, by their size."""
    time_stamp: bytes | None = None
    """Answer of a time-stamping authority by RFC 3161, over the checkpoint."""
    extras: dict[str, str] = field(default_factory=dict)
    """More files by name: policy, model manifest."""

    @property
    def alerts(self) -> list[CaseAlert]:
        """Alerts of all vehicles."""
        return [alert for vehicle in self.vehicles for alert in vehicle.alerts]
