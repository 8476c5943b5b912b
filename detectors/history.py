"""Everything that is known of one vehicle now: its live documents in event order, and what follows."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from detectors.documents import (
    CustomsExport,
    Deregistration,
    Document,
    Registration,
    event_order,
    read_odometer,
)
from detectors.filing import FiledDocument
from detectors.findings import Evidence
from detectors.sales import Paper, Sale, derive_sales


class Content:
    """Kinds of live documents, as bits: detectors say which they need.

    Plain integers, for the bits are put together once per judged history.
    """

    NOTHING: Final = 0
    INITIAL: Final = 1
    TRANSFER: Final = 2
    PENDING_EXPORT: Final = 4
    CUSTOMS_EXPORT: Final = 8
    DEREGISTRATION: Final = 16


class Reading(NamedTuple):
    """An odometer reading that somebody really took."""

    day: int
    kilometres: float
    document: Document


class VehicleHistory:
    """The live documents of one vehicle and what can be derived from them.

    Parameters
    ----------
    vin
        The vehicle.
    filed
        Its file, in any order, withdrawn documents included.
    overfull
        Whether documents had to leave the file because there were too many.
    """

    def __init__(self, vin: str, filed: Sequence[FiledDocument], *, overfull: bool = False) -> None:
        self.vin = vin
        self.overfull = overfull
        self._filed = filed
        live = [entry.document for entry in filed if not entry.document.is_void]
        if len(live) > 1:
            live.sort(key=event_order)
        self.documents: tuple[Document, ...] = tuple(live)
        """Live documents in event order."""

    @classmethod
    def of(cls, vin: str, documents: Iterable[Document]) -> "VehicleHistory":
        """Make a history from documents alone, each taken as the newest of its identity."""
        return cls(vin, [FiledDocument(document) for document in documents])

    @cached_property
    def registrations(self) -> tuple[Registration, ...]:
        """Live registrations in event order."""
        return tuple(d for d in self.documents if isinstance(d, Registration))

    @cached_property
    def declarations(self) -> tuple[CustomsExport, ...]:
        """Live customs export declarations in event order."""
        return tuple(d for d in self.documents if isinstance(d, CustomsExport))

    @cached_property
    def used_exports(self) -> tuple[CustomsExport, ...]:
        """Declarations that call the vehicle used."""
        return tuple(d for d in self.declarations if d.condition == "used")

    @cached_property
    def deregistrations(self) -> tuple[Deregistration, ...]:
        """Live deregistrations in event order."""
        return tuple(d for d in self.documents if isinstance(d, Deregistration))

    @cached_property
    def initials(self) -> tuple[Registration, ...]:
        """Live initial registrations in event order."""
        return tuple(d for d in self.registrations if d.kind == "initial")

    @property
    def initial(self) -> Registration | None:
        """The first initial registration."""
        return self.initials[0] if self.initials else None

    @cached_property
    def pending_exports(self) -> tuple[Registration, ...]:
        """Live transfers endorsed "pending export"."""
        return tuple(d for d in self.registrations if d.kind == "pending_export")

    @cached_property
    def papers(self) -> tuple[Paper, ...]:
        """Registrations and declarations: the papers that can state a change of hands."""
        return tuple(d for d in self.documents if not isinstance(d, Deregistration))

    @cached_property
    def sales(self) -> tuple[Sale, ...]:
        """Changes of hands in event order."""
        return derive_sales(self.papers)

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """Odometer readings that were really read, in event order."""
        return tuple(
            Reading(document.day, kilometres, document)
            for document in self.documents
            if (kilometres := read_odometer(document)) is not None
        )

    @cached_property
    def contested(self) -> tuple[Document, ...]:
        """Live documents whose source published another content under the same revision."""
        contested = [e.document for e in self._filed if e.contested and not e.document.is_void]
        return tuple(sorted(contested, key=event_order))

    @cached_property
    def content(self) -> int:
        """Which kinds of live documents there are, as bits of :class:`Content`."""
        content: int = Content.NOTHING
        for document in self.documents:
            content |= content_of(document)
        return content

    def registered_before(self, document: Document) -> Registration | None:
        """The last registration before a document in event order: who owned the car then."""
        last = None
        for registration in self.registrations:
            if event_order(registration) >= event_order(document):
                break
            last = registration
        return last

    def evidence(self, *documents: Document) -> tuple[Evidence, ...]:
        """References to documents, with where they were read."""
        positions = {id(entry.document): entry.position for entry in self._filed}
        return tuple(Evidence.of(document, positions.get(id(document))) for document in documents)

    def labels(self, paper: Document | None = None) -> dict[str, str]:
        """Province, brand and destination as far as the papers tell; the given paper goes first."""
        labels: dict[str, str] = {}
        for document in (*((paper,) if paper else ()), *self.documents):
            for name, value in _labels_of(document):
                if value is not None:
                    labels.setdefault(name, value)
        return labels


def content_of(document: Document) -> int:
    """Kind of a document as a bit of :class:`Content`."""
    if isinstance(document, Registration):
        return _KINDS[document.kind]
    if isinstance(document, CustomsExport):
        return Content.CUSTOMS_EXPORT
    return Content.DEREGISTRATION


_KINDS: dict[str, int] = {
    "initial": Content.INITIAL,
    "transfer": Content.TRANSFER,
    "pending_export": Content.PENDING_EXPORT,
}


def _labels_of(document: Document) -> Iterable[tuple[str, str | None]]:
    if isinstance(document, CustomsExport):
        return (
            ("province", document.exporter_province),
            ("brand", document.brand),
            ("destination", document.destination),
        )
    if isinstance(document, Registration):
        return (("province", document.province), ("brand", document.brand))
    return (("province", document.province),)
