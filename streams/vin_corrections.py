"""Amendments that change the VIN, split into a withdrawal and a new document.

The VIN is the key, so an amendment must not change it: the contract wants a void under the old VIN
and a new document under the new one. Publishers that amend the VIN in place are helped here, as long
as one reader sees both sides.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from detectors.documents import Document


class _Latest(NamedTuple):
    revision: int
    vins: list[str]
    """VINs that documents of this revision carry: more than one where a source contradicts itself."""


class VinCorrections:
    """Remembers under which VINs the highest revision of every document came.

    Whatever order the documents come in, what stands in the end is the highest revision under the VIN
    that it carries. Two VINs under one revision both stand: which is right only the source can say.
    Withdrawals by the source itself need no help and are passed over.

    Identities are kept as 64-bit hashes, some 100 bytes a document. Should two of them ever meet, a
    document might be withdrawn wrongly: with 100 million documents, once in a few thousand runs.
    """

    def __init__(self) -> None:
        self._vins: dict[int, str] = {}
        self._revisions: dict[int, int] = {}

    def withdrawals(self, document: Document) -> Iterable[Document]:
        """Voids that a document makes necessary, whichever side came first."""
        if document.is_void:
            return ()
        key = hash((document.source, document.event_id))
        vins = self._vins.get(key)
        if vins is None:
            self._vins[key] = document.vin
            if document.revision:
                self._revisions[key] = document.revision
            return ()
        return self._set_right(key, _Latest(self._revisions.get(key, 0), vins.split(" ")), document)

    def _set_right(self, key: int, latest: _Latest, document: Document) -> Iterator[Document]:
        if document.revision > latest.revision:
            self._remember(key, document.revision, [document.vin])
            for vin in latest.vins:
                if vin != document.vin:
                    yield _withdraw(document, vin, document.revision - 1)
        elif document.vin in latest.vins:
            return
        elif document.revision == latest.revision:
            self._remember(key, document.revision, [*latest.vins, document.vin])
        else:
            yield _withdraw(document, document.vin, latest.revision - 1)

    def _remember(self, key: int, revision: int, vins: list[str]) -> None:
        self._vins[key] = " ".join(vins)  # no VIN holds a blank
        if revision:
            self._revisions[key] = revision


def _withdraw(document: Document, vin: str, revision: int) -> Document:
    """Withdraw everything below the revision that moved away, but not that revision itself.

    It may be published under this VIN too, later or before.
    """
    return msgspec.structs.replace(document, vin=vin, revision=revision, status="void")
