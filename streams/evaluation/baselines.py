"""What somebody without any detector would look at: how old a used car is when it is exported."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

from detectors.decoding import decode
from detectors.documents import CustomsExport, Document, Registration
from detectors.identities import Decode
from streams.backfill.stream import read_stream

WEEK: Final = 7
YOUNGEST: Final = "youngest export first"
WITHIN_A_WEEK: Final = "used exports within 7 days of registration"


class Register(NamedTuple):
    """What anybody can count in a stream."""

    vehicles: int
    ages: dict[str, int]
    """Days from first registration to first used export by VIN, of the documents in force."""


class RegisterCount:
    """Counts vehicles and exports of documents as they come."""

    def __init__(self) -> None:
        self._vehicles: set[str] = set()
        self._latest: dict[tuple[str, str, str], Document] = {}

    def add(self, document: Document) -> None:
        """Count a document."""
        self._vehicles.add(document.vin)
        if isinstance(document, Registration | CustomsExport):
            key = document.vin, document.source, document.event_id
            before = self._latest.get(key)
            if before is None or before.revision <= document.revision:
                self._latest[key] = document

    def register(self) -> Register:
        """What there is."""
        return Register(len(self._vehicles), _ages(self._latest.values()))


def read_register(path: Path, decode: Decode = decode) -> Register:
    """Count vehicles and exports of a recorded stream or a ledger; refused lines are passed over."""
    counted = RegisterCount()
    for read in read_stream(path, decode):
        if read.document is not None:
            counted.add(read.document)
    return counted.register()


def _ages(documents: Iterable[Document]) -> dict[str, int]:
    registered: dict[str, int] = {}
    exported: dict[str, int] = {}
    for document in documents:
        if document.is_void:
            continue
        if isinstance(document, CustomsExport):
            if document.condition == "used":
                _keep_earliest(exported, document)
        elif isinstance(document, Registration) and document.kind == "initial":
            _keep_earliest(registered, document)
    return {
        vin: exported[vin] - day
        for vin, day in registered.items()
        if vin in exported and exported[vin] >= day
    }


def youngest_first(ages: Mapping[str, int]) -> list[str]:
    """Exported vehicles, the youngest first; equals in an order that means nothing."""
    return sorted(ages, key=lambda vehicle: (ages[vehicle], lot(vehicle)))


def within_a_week(ages: Mapping[str, int]) -> Iterable[str]:
    """Vehicles exported within seven days of their first registration."""
    return [vehicle for vehicle, days in ages.items() if days <= WEEK]


def lot(vehicle: str) -> bytes:
    """A place in a draw among equals, the same in every run."""
    return blake2b(vehicle.encode(), digest_size=8).digest()


def _keep_earliest(days: dict[str, int], document: Document) -> None:
    days[document.vin] = min(days.get(document.vin, document.day), document.day)
