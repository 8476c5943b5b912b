"""Everything that is known of one vehicle now: its live documents in event order, and what follows."""

from collections.abc import Iterable, Sequence
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

    Attributes
    ----------
    documents
        Live documents in event order; the attributes below are parts of it in the same order.
    registrations, declarations, deregistrations
        By type.
    papers
        Registrations and declarations: the papers that can state a change of hands.
    initials, pending_exports
        Initial registrations; transfers endorsed "pending export".
    used_exports
        Declarations that call the vehicle used.
    readings
        Odometer readings that were really read.
    content
        Which kinds of documents there are, as bits of :class:`Content`.
    """

    __slots__ = (
        "_filed",
        "_sales",
        "content",
        "declarations",
        "deregistrations",
        "documents",
        "initials",
        "overfull",
        "papers",
        "pending_exports",
        "readings",
        "registrations",
        "used_exports",
        "vin",
    )

    def __init__(self, vin: str, filed: Sequence[FiledDocument], *, overfull: bool = False) -> None:
        self.vin = vin
        self.overfull = overfull
        self._filed = filed
        self._sales: tuple[Sale, ...] | None = None
        live = [entry.document for entry in filed if entry.document.status == "valid"]
        if len(live) > 1:
            live.sort(key=event_order)
        self.documents: tuple[Document, ...] = tuple(live)
        self.registrations: list[Registration] = []
        self.declarations: list[CustomsExport] = []
        self.deregistrations: list[Deregistration] = []
        self.papers: list[Paper] = []
        self.initials: list[Registration] = []
        self.pending_exports: list[Registration] = []
        self.used_exports: list[CustomsExport] = []
        self.readings: list[Reading] = []
        self.content: int = Content.NOTHING
        for document in live:
            self._sort_in(document)

    def _sort_in(self, document: Document) -> None:
        if isinstance(document, Deregistration):
            self.content |= Content.DEREGISTRATION
            self.deregistrations.append(document)
            return
        self.papers.append(document)
        if isinstance(document, CustomsExport):
            self.content |= Content.CUSTOMS_EXPORT
            self.declarations.append(document)
            if document.condition == "used":
                self.used_exports.append(document)
        else:
            self._sort_in_registration(document)
        kilometres = read_odometer(document)
        if kilometres is not None:
            self.readings.append(Reading(document.day, kilometres, document))

    def _sort_in_registration(self, document: Registration) -> None:
        self.registrations.append(document)
        if document.kind == "initial":
            self.content |= Content.INITIAL
            self.initials.append(document)
        elif document.kind == "transfer":
            self.content |= Content.TRANSFER
        else:
            self.content |= Content.PENDING_EXPORT
            self.pending_exports.append(document)

    @classmethod
    def of(cls, vin: str, documents: Iterable[Document]) -> "VehicleHistory":
        """Make a history from documents alone, each taken as the newest of its identity."""
        return cls(vin, [FiledDocument(document) for document in documents])

    @property
    def initial(self) -> Registration | None:
        """The first initial registration."""
        return self.initials[0] if self.initials else None

    @property
    def sales(self) -> tuple[Sale, ...]:
        """Changes of hands in event order."""
        if self._sales is None:
            self._sales = derive_sales(self.papers)
        return self._sales

    @property
    def contested(self) -> list[Document]:
        """Live documents whose source published another content under the same revision."""
        contested = [e.document for e in self._filed if e.contested and not e.document.is_void]
        return sorted(contested, key=event_order)

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
        """Province, brand and destination as far as the papers tell; the given paper goes first.

        In one order of names, so that equal labels are also equal as bytes.
        """
        labels: dict[str, str] = {}
        for document in (*((paper,) if paper else ()), *self.documents):
            for name, value in _labels_of(document):
                if value is not None:
                    labels.setdefault(name, value)
        return {name: labels[name] for name in sorted(labels)}


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
