"""Documents that were received and not yet judged, and how they go into the files of their vehicles."""

from typing import Final

from detectors.alerts import Cause
from detectors.documents import Document, EventType
from detectors.errors import DocumentError
from detectors.filing import FiledDocument, FilingOutcome, file_document, file_known, trim
from streams.engine.alert_changes import JudgedVehicle
from streams.engine.results import Result
from streams.state import record as records
from streams.state.record import VehicleRecord

Progress = dict[EventType, int | None]
"""Last civil day through which every feed is complete, ``None`` for a feed never seen."""


class ValidatedBatch:
    """Documents that were read and validated, and not yet filed."""

    __slots__ = ("before", "published", "result", "withdrawals")

    def __init__(self, before: Progress) -> None:
        self.before = before
        """How far the feeds were complete when the first of them came in."""
        self.published: dict[str, list[FiledDocument]] = {}
        """What was published, by vehicle."""
        self.withdrawals: dict[str, list[Document]] = {}
        """What the engine withdraws itself, by vehicle."""
        self.result = Result()

    def withdraw(self, document: Document) -> None:
        """Add a withdrawal that nobody published."""
        self.withdrawals.setdefault(document.vin, []).append(document)
        self.published.setdefault(document.vin, [])


_CAUSES: Final[tuple[tuple[FilingOutcome, Cause], ...]] = (
    (FilingOutcome.VOIDED, "voided"),
    (FilingOutcome.AMENDED, "amended"),
    (FilingOutcome.CONTESTED, "amended"),
    (FilingOutcome.NEW, "new_evidence"),
    (FilingOutcome.STALE, "late_document"),  # it may be what was said first
)
"""What a batch did to a vehicle's file, the weightiest first."""


def check_key(key: bytes | None, document: Document) -> None:
    """Refuse a document that was published under another key than its VIN.

    Raises
    ------
    DocumentError
        It was.
    """
    if key != document.vin.encode():
        raise DocumentError(
            "wrong_key",
            field=None,
            value=f"under the key {key!r}",
            allowed="the document's VIN, in upper case, as the key",
            document=f"{document.source}/{document.event_id}",
        )


def file_received(
    vin: str, received: ValidatedBatch, stored: bytes | None, most: int, today: int
) -> JudgedVehicle | None:
    """File what was received of a vehicle; ``None`` if its file is as before.

    Parameters
    ----------
    vin, received
        The vehicle and the batch; its result counts what became of the documents.
    stored
        The vehicle's record, ``None`` for one that is not known yet.
    most
        Documents that are kept of one vehicle.
    today
        Civil day of the wall clock.
    """
    published = received.published[vin]
    if stored is None and len(published) == 1 and vin not in received.withdrawals:
        record = VehicleRecord(records.LAYOUT, published)  # most vehicles come in like this
        document = published[0].document
        outcomes = [FilingOutcome.VOIDED if document.is_void else FilingOutcome.NEW]
        received.result.filed[document.event_type, outcomes[0]] += 1
    else:
        record = VehicleRecord() if stored is None else records.decode(stored)
        outcomes = _file_all(vin, record, received, most)
    record.received_on = today
    for outcome, cause in _CAUSES:
        if outcome in outcomes:
            if cause == "new_evidence" and _is_late(published, received.before):
                return JudgedVehicle(vin, record, "late_document")
            return JudgedVehicle(vin, record, cause)
    return None


def _file_all(
    vin: str, record: VehicleRecord, received: ValidatedBatch, most: int
) -> list[FilingOutcome]:
    filed, counted = record.filed, received.result.filed
    outcomes = []
    for entry in received.published[vin]:
        outcome = file_known(filed, record.left_out, entry.document, entry.position)
        counted[entry.document.event_type, outcome] += 1
        outcomes.append(outcome)
    outcomes += [file_document(filed, gone) for gone in received.withdrawals.get(vin, ())]
    if trim(filed, most, record.left_out):
        record.overfull = True
    return outcomes


def _is_late(published: list[FiledDocument], before: Progress) -> bool:
    """Whether a document came after its feed was taken as complete for its day."""
    for entry in published:
        through = before[entry.document.event_type]
        if through is not None and entry.document.day <= through:
            return True
    return False
