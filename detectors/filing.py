"""The file of one vehicle: which documents count, whatever order they came in.

Per ``source`` and ``event_id`` the highest revision counts. Filing is commutative and idempotent, so
shuffled, duplicated and re-delivered streams end in the same file.
"""

from collections.abc import Sequence
from enum import StrEnum
from hashlib import blake2b
from typing import Final, NamedTuple

import msgspec

from detectors.documents import Document, event_order

_DIGEST_SIZE: Final = 16
_WITHDRAWN: Final = b"\xff" * _DIGEST_SIZE
"""The greatest digest there is."""


class Position(NamedTuple):
    """Where a document was read."""

    topic: str
    partition: int
    offset: int


class FiledDocument(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A document as it lies in its vehicle's file."""

    document: Document
    position: Position | None = None
    contested: bool = False
    """Whether the source published another content under the same revision."""
    superseded: tuple[Document, ...] = ()
    """Earlier revisions, of which the first and the last are kept: what was said before is evidence."""


class FilingOutcome(StrEnum):
    """What filing a document came to."""

    NEW = "new"
    AMENDED = "amended"
    VOIDED = "voided"
    CONTESTED = "contested"
    DUPLICATE = "duplicate"
    STALE = "stale"
    OF_NO_CAR = "of_no_car"
    """Its number identifies no car, so there is no file for it."""

    @property
    def changed(self) -> bool:
        """Whether the file is another than before."""
        return self not in {FilingOutcome.DUPLICATE, FilingOutcome.STALE, FilingOutcome.OF_NO_CAR}


def file_document(
    filed: list[FiledDocument], document: Document, position: Position | None = None
) -> FilingOutcome:
    """Put a document into a vehicle's file, in place.

    A higher revision replaces a lower one; equal content is a duplicate; a lower revision is stale. Of
    the revisions that do not count the first and the last stay beside the one that does.
    Of two contents under one revision the greater digest stays and the conflict is remembered.
    A void that comes before the document it withdraws is kept and wins by its revision.
    """
    index = _place_of(filed, document)
    if index is None:
        filed.append(FiledDocument(document, position))
        return FilingOutcome.VOIDED if document.is_void else FilingOutcome.NEW
    kept = filed[index].document
    before = filed[index].superseded
    if document.revision < kept.revision:
        ends = _first_and_last((*before, document))
        filed[index] = msgspec.structs.replace(filed[index], superseded=ends)
        return FilingOutcome.STALE
    if document.revision > kept.revision:
        ends = _first_and_last((*before, kept))
        filed[index] = FiledDocument(document, position, superseded=ends)
        return FilingOutcome.VOIDED if document.is_void else FilingOutcome.AMENDED
    return _same_revision(filed, index, document, position)


def file_documents(documents: Sequence[Document]) -> tuple[list[FiledDocument], list[FilingOutcome]]:
    """Put documents into an empty file, and say what each came to."""
    filed: list[FiledDocument] = []
    if len({document.event_id for document in documents}) < len(documents):
        return filed, [file_document(filed, document) for document in documents]
    new, voided = FilingOutcome.NEW, FilingOutcome.VOIDED  # as nearly always: no two of one identity
    outcomes = [new if document.status == "valid" else voided for document in documents]
    return [FiledDocument(document) for document in documents], outcomes


def _first_and_last(revisions: tuple[Document, ...]) -> tuple[Document, ...]:
    """The lowest and the highest of several revisions, whatever order they came in."""
    if len(revisions) == 1:
        return revisions
    ordered = sorted(revisions, key=lambda document: (document.revision, content_digest(document)))
    first = [document for document in ordered if document.revision == ordered[0].revision][-1]
    return (first,) if first is ordered[-1] else (first, ordered[-1])


def _place_of(filed: list[FiledDocument], document: Document) -> int | None:
    for index, entry in enumerate(filed):
        old = entry.document
        if old.event_id == document.event_id and old.source == document.source:
            return index
    return None


def _same_revision(
    filed: list[FiledDocument], index: int, document: Document, position: Position | None
) -> FilingOutcome:
    old = filed[index]
    if _same_content(old.document, document):
        return FilingOutcome.DUPLICATE
    if content_digest(document) > content_digest(old.document):
        filed[index] = FiledDocument(document, position, True, old.superseded)
        return FilingOutcome.CONTESTED
    if old.contested:
        return FilingOutcome.STALE
    filed[index] = FiledDocument(old.document, old.position, True, old.superseded)
    return FilingOutcome.CONTESTED


def _same_content(one: Document, other: Document) -> bool:
    return one == other or (one.is_void and other.is_void)


def content_digest(document: Document) -> bytes:
    """Digest of everything a document states.

    All withdrawals of one document state the same, and weigh more than any content under their
    revision: who withdraws a document without raising its revision still means it.
    """
    if document.is_void:
        return _WITHDRAWN
    return blake2b(msgspec.msgpack.encode(document), digest_size=_DIGEST_SIZE).digest()


class LeftOut(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is remembered of a document that had to leave its file: enough to know it again."""

    revision: int
    digest: bytes
    contested: bool


Remembered = dict[bytes, LeftOut]
"""Documents that had to leave, by the digest of their identity."""

_MOST_REMEMBERED: Final = 4_096
"""Of one vehicle; beyond them the first are forgotten, and count as new should they come again."""


def file_known(
    filed: list[FiledDocument], left_out: Remembered, document: Document, position: Position | None
) -> FilingOutcome:
    """File a document, also where its identity is known from one that had to leave the file.

    So what becomes of a document that comes again does not depend on when the file was trimmed.
    """
    known = left_out.get(_identity(document)) if left_out else None
    if known is None:
        return file_document(filed, document, position)
    if document.revision < known.revision:
        return FilingOutcome.STALE
    digest = content_digest(document)
    if document.revision == known.revision and digest <= known.digest:
        if digest == known.digest:
            return FilingOutcome.DUPLICATE
        left_out[_identity(document)] = msgspec.structs.replace(known, contested=True)
        return FilingOutcome.STALE if known.contested else FilingOutcome.CONTESTED
    del left_out[_identity(document)]
    contested = document.revision == known.revision
    filed.append(FiledDocument(document, position, contested))
    if contested:
        return FilingOutcome.CONTESTED
    return FilingOutcome.VOIDED if document.is_void else FilingOutcome.AMENDED


def trim(filed: list[FiledDocument], limit: int, left_out: Remembered | None = None) -> bool:
    """Keep the earliest and the latest documents of an overfull file, in place.

    Parameters
    ----------
    filed, limit
        The file, and how many documents it may hold.
    left_out
        Takes what is to be remembered of those that leave.

    Returns
    -------
    bool
        Whether documents had to leave.
    """
    if len(filed) <= limit:
        return False
    filed.sort(key=lambda entry: event_order(entry.document))
    early = limit // 2
    late = len(filed) - (limit - early)
    if left_out is not None:
        for entry in filed[early:late]:
            gone = entry.document
            left_out[_identity(gone)] = LeftOut(gone.revision, content_digest(gone), entry.contested)
        for key in list(left_out)[: max(0, len(left_out) - _MOST_REMEMBERED)]:
            del left_out[key]
    del filed[early:late]
    return True


def _identity(document: Document) -> bytes:
    name = f"{document.source}\0{document.event_id}"
    return blake2b(name.encode(), digest_size=_DIGEST_SIZE).digest()
