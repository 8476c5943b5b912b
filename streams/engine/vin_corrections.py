"""Amendments that change the VIN, split into a withdrawal and a new document.

The VIN is the key, so an amendment must not change it: the contract wants a void under the old VIN
and a new document under the new one. Publishers that amend the VIN in place are helped here, as long
as one reader sees both sides.
"""

import json
from collections.abc import Iterable
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
        made = self._note(document.source, document.event_id, document.revision, document.vin)
        return [withdrawn(document, vin, revision) for vin, revision in made]

    def _note(self, source: str, event_id: str, revision: int, vin: str) -> Iterable[tuple[str, int]]:
        """Take note of a document that is not void.

        Returns
        -------
        Iterable
            Withdrawals that it makes necessary, as VIN and revision; `withdrawn` gives the voids.
        """
        key = hash((source, event_id))
        vins = self._vins.get(key)
        if vins is None:
            self._remember(key, revision, [vin])
            return ()
        return self._set_right(
            key, _Latest(self._revisions.get(key, 0), vins.split(" ")), revision, vin
        )

    def _set_right(
        self, key: int, latest: _Latest, revision: int, vin: str
    ) -> Iterable[tuple[str, int]]:
        if revision > latest.revision:
            self._remember(key, revision, [vin])
            return [(old, revision - 1) for old in latest.vins if old != vin]
        if vin in latest.vins:
            return ()
        if revision == latest.revision:
            self._remember(key, revision, [*latest.vins, vin])
            return ()
        return [(vin, latest.revision - 1)]

    def _remember(self, key: int, revision: int, vins: list[str]) -> None:
        self._vins[key] = " ".join(vins)  # no VIN holds a blank
        if revision:
            self._revisions[key] = revision


def withdrawn(document: Document, vin: str, revision: int) -> Document:
    """A void of everything below the revision that moved away, but not of that revision itself.

    It may be published under this VIN too, later or before. It does not say when it was written:
    either document can be the one that makes it necessary, whichever came last.
    """
    return msgspec.structs.replace(
        document, vin=vin, revision=revision, status="void", date_precision="day",
        recorded_day=None, recorded_time=None,
    )  # fmt: skip


def withdrawn_line(line: bytes, withdrawal: Document) -> bytes:
    """The same void as a line, of the line that made it necessary."""
    changed = {
        "vin": withdrawal.vin, "revision": withdrawal.revision, "status": withdrawal.status,
        "date_precision": withdrawal.date_precision, "recorded_at": None,
    }  # fmt: skip
    return json.dumps(json.loads(line) | changed, ensure_ascii=False).encode()
