"""Everything that is known of one vehicle now: its live documents in event order, and what follows."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from detectors.documents import (
    FULL_REGISTERS,
    CustomsExport,
    Deregistration,
    Document,
    Registration,
    comes_before,
    event_order,
    in_event_order,
    read_odometer,
)
from detectors.filing import FiledDocument, Position
from detectors.findings import Evidence
from detectors.sales import Sale, SaleDocument, derive_sales, joint_sale


class Content:
    """What a history holds, as bits: detectors say which they need.

    Plain integers, for the bits are put together once per judged history.
    """

    NOTHING: Final = 0
    INITIAL: Final = 1
    TRANSFER: Final = 2
    PENDING_EXPORT: Final = 4
    CUSTOMS_EXPORT: Final = 8
    DEREGISTRATION: Final = 16
    TO_EXPORTER: Final = 32
    """A registration to an exporter."""
    CONTESTED: Final = 64
    """A document of which the source published more than one content."""
    OVERFULL: Final = 128
    """Documents had to leave the file because there were too many."""
    USED_EXPORT: Final = 256
    """A declaration that calls the vehicle used."""
    DROPPED: Final = 512
    """A document with a value that could not be read."""
    FULL_REGISTER: Final = 1024
    """An odometer that shows what a full register shows."""
    REREGISTRATION: Final = 2048
    CONFLICTING: Final = 4096
    """A revision of a document of which the source published more than one content."""


SALE_DOCUMENTS: Final = (
    Content.INITIAL | Content.TRANSFER | Content.PENDING_EXPORT | Content.CUSTOMS_EXPORT
)
"""What can state a change of hands."""


CONTENT_OF_KIND: Final = {
    "initial": Content.INITIAL,
    "reregistration": Content.REREGISTRATION,
    "transfer": Content.TRANSFER,
    "pending_export": Content.PENDING_EXPORT,
}
"""What each kind of registration brings into a history."""


def content_of(document: Document) -> int:
    """What one document brings into a history, as bits of `Content`."""
    content = Content.DROPPED if document.dropped else Content.NOTHING
    if isinstance(document, Deregistration):
        return content | Content.DEREGISTRATION
    if document.odometer_km in FULL_REGISTERS:
        content |= Content.FULL_REGISTER
    if isinstance(document, CustomsExport):
        used = document.condition == "used"
        return content | Content.CUSTOMS_EXPORT | (Content.USED_EXPORT if used else 0)
    to_exporter = document.owner_type == "exporter"
    return content | CONTENT_OF_KIND[document.kind] | (Content.TO_EXPORTER if to_exporter else 0)


class Reading(NamedTuple):
    """An odometer reading that somebody really took."""

    day: int
    kilometres: float
    document: SaleDocument


class Revised(NamedTuple):
    """A document that said something else before."""

    now: Document
    """What stands; void where it is withdrawn."""
    before: Document
    """What was said first, as far as it is kept."""


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
    sale_documents
        Registrations and declarations: the documents that can state a change of hands.
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
        "_labels",
        "_references",
        "_sales",
        "content",
        "declarations",
        "deregistrations",
        "documents",
        "initials",
        "overfull",
        "pending_exports",
        "readings",
        "registrations",
        "sale_documents",
        "used_exports",
        "vin",
    )

    def __init__(self, vin: str, filed: Sequence[FiledDocument], *, overfull: bool = False) -> None:
        self.vin = vin
        self.overfull = overfull
        self._filed = filed
        self._sales: tuple[Sale, ...] | None = None
        self._references: dict[int, Evidence] = {}
        self._labels: dict[int, dict[str, str]] = {}
        self.content: int = Content.OVERFULL if overfull else Content.NOTHING
        live: list[Document] = []
        for entry in filed:
            if entry.document.status == "valid":
                live.append(entry.document)
            if entry.contested:
                self.content |= Content.CONTESTED | Content.CONFLICTING
            elif entry.superseded:
                self.content |= Content.CONTESTED
        self.documents: Sequence[Document] = in_event_order(live) if len(live) > 1 else live
        self.registrations: tuple[Registration, ...] = ()
        self.declarations: tuple[CustomsExport, ...] = ()
        self.deregistrations: tuple[Deregistration, ...] = ()
        self.sale_documents: tuple[SaleDocument, ...] = ()
        self.initials: tuple[Registration, ...] = ()
        self.pending_exports: tuple[Registration, ...] = ()
        self.used_exports: tuple[CustomsExport, ...] = ()
        self.readings: tuple[Reading, ...] = ()
        for document in self.documents:
            self._sort_in(document)

    def _sort_in(self, document: Document) -> None:
        if document.dropped:
            self.content |= Content.DROPPED
        # Most vehicles have one or two documents: tuples that grow beat lists that stay empty.
        if isinstance(document, Registration):
            self._sort_in_registration(document)
        elif isinstance(document, CustomsExport):
            self.content |= Content.CUSTOMS_EXPORT
            self.declarations += (document,)
            if document.condition == "used":
                self.content |= Content.USED_EXPORT
                self.used_exports += (document,)
        else:
            self.content |= Content.DEREGISTRATION
            self.deregistrations += (document,)
            return
        self.sale_documents += (document,)
        if document.odometer_km is not None:
            self._sort_in_reading(document)

    def _sort_in_reading(self, document: SaleDocument) -> None:
        if document.odometer_km in FULL_REGISTERS:
            self.content |= Content.FULL_REGISTER
        elif (kilometres := read_odometer(document)) is not None:
            self.readings += (Reading(document.day, kilometres, document),)

    def _sort_in_registration(self, document: Registration) -> None:
        self.registrations += (document,)
        self.content |= CONTENT_OF_KIND[document.kind]
        if document.kind == "initial":
            self.initials += (document,)
        elif document.kind == "pending_export":
            self.pending_exports += (document,)
        if document.owner_type == "exporter":
            self.content |= Content.TO_EXPORTER

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
            self._sales = derive_sales(self.sale_documents)
        return self._sales

    @property
    def contested(self) -> list[Document]:
        """Live documents whose source published another content under the same revision."""
        contested = [e.document for e in self._filed if e.contested and not e.document.is_void]
        return sorted(contested, key=event_order)

    @property
    def revised(self) -> list[Revised]:
        """Documents that were amended or withdrawn, in the order of what was said first."""
        found = []
        for entry in self._filed:
            valid = [document for document in entry.superseded if not document.is_void]
            if valid:
                found.append(Revised(entry.document, valid[0]))
        return sorted(found, key=lambda revised: event_order(revised.before))

    def holders_before(self, document: Document) -> tuple[Registration, ...]:
        """The registrations that say who owned the car before a document: several of a joint sale."""
        last = self.registered_before(document)
        shared = None if last is None else joint_sale(last)
        if last is None or shared is None:
            return () if last is None else (last,)
        return tuple(each for each in self.registrations if joint_sale(each) == shared)

    def registered_before(self, document: Document) -> Registration | None:
        """The last registration before a document in event order: who owned the car then."""
        last = None
        for registration in self.registrations:
            if not comes_before(registration, document):
                break
            last = registration
        return last

    def evidence(self, *documents: Document) -> tuple[Evidence, ...]:
        """References to documents, each once, with where they were read."""
        return tuple({id(document): self._reference(document) for document in documents}.values())

    def _reference(self, document: Document) -> Evidence:
        """A reference, made once however many findings rest on the document."""
        known = self._references.get(id(document))
        if known is None:
            known = Evidence.of(document, self._position_of(document))
            self._references[id(document)] = known
        return known

    @property
    def published(self) -> list[Document]:
        """All that is kept of what was published, withdrawn and superseded documents included."""
        return [each for entry in self._filed for each in (entry.document, *entry.superseded)]

    def _position_of(self, document: Document) -> Position | None:
        for entry in self._filed:
            if entry.document is document:
                return entry.position
        return None

    def labels(self, first: Document | None = None) -> dict[str, str]:
        """Province, brand and destination as far as the documents tell; the given document goes first.

        In one order of names, so that equal labels are also equal as bytes.
        """
        known = self._labels.get(id(first))  # several findings hang on one document
        if known is None:
            known = self._labels[id(first)] = self._read_labels(first)
        return known.copy()

    def _read_labels(self, first: Document | None) -> dict[str, str]:
        brand = destination = province = None
        for document in self.documents if first is None else (first, *self.documents):
            if isinstance(document, CustomsExport):
                brand = brand or document.brand
                destination = destination or document.destination
                province = province or document.exporter_province
            else:
                province = province or document.province
                if isinstance(document, Registration):
                    brand = brand or document.brand
            if brand and province and (destination or not self.declarations):
                break  # the first word stands
        labels = {} if brand is None else {"brand": brand}
        if destination is not None:
            labels["destination"] = destination
        if province is not None:
            labels["province"] = province
        return labels
