"""Amendments that change the VIN, split into a withdrawal and a new document.

The VIN is the key, so an amendment must not change it: the contract wants a void under the old VIN
and a new document under the new one. Publishers that amend the VIN in place are helped here, as long
as one reader sees both sides.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from detectors.documents import Document


class _Latest(NamedTuple):
    vin: str
    revision: int


class VinCorrections:
    """Remembers under which VIN the highest revision of every document came.

    Identities are kept as 64-bit hashes, some 100 bytes a document. Should two of them ever meet, a
    document might be withdrawn wrongly: with 100 million documents, once in a few thousand runs.
    """

    def __init__(self) -> None:
        self._vins: dict[int, str] = {}
        self._revisions: dict[int, int] = {}

    def withdrawals(self, document: Document) -> Iterator[Document]:
        """Voids that a document makes necessary, whichever side came first."""
        key = hash((document.source, document.event_id))
        latest = self._latest(key)
        if latest is None or latest.vin == document.vin:
            self._remember(key, document, latest)
        elif document.revision > latest.revision:
            self._remember(key, document, latest)
            yield _withdraw(document, latest.vin, document.revision)
        elif document.revision < latest.revision:
            yield _withdraw(document, document.vin, latest.revision)

    def _latest(self, key: int) -> _Latest | None:
        vin = self._vins.get(key)
        return None if vin is None else _Latest(vin, self._revisions.get(key, 0))

    def _remember(self, key: int, document: Document, latest: _Latest | None) -> None:
        if latest is None or document.revision >= latest.revision:
            self._vins[key] = document.vin
            if document.revision:
                self._revisions[key] = document.revision


def _withdraw(document: Document, vin: str, revision: int) -> Document:
    return msgspec.structs.replace(document, vin=vin, revision=revision, status="void")
