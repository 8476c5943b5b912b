"""A document as a row: what retail, exports and timelines are counted from."""

from __future__ import annotations

from datetime import date

from detectors.documents import CustomsExport, Deregistration, Document, Registration
from detectors.errors import DocumentError
from detectors.filing import content_digest
from detectors.identities import Decode
from streams.store.errors import RecordError
from streams.store.records import Row, StoredRecord, TableRows


def add_document(rows: TableRows, record: StoredRecord, decode: Decode) -> None:
    """Turn one record of a document topic into a row.

    Raises
    ------
    RecordError
        If it is no document; the worker sends such a record to the dead letters.
    """
    try:
        document = decode(record.value)
    except DocumentError as error:
        raise RecordError(field=error.field, value=error.value, allowed=error.allowed) from None
    day = date.fromordinal(document.day)
    rows.documents.append(
        {
            "vin": document.vin,
            "source": document.source,
            "event_id": document.event_id,
            "revision": document.revision,
            "content_digest": content_digest(document).hex(),
            "status": document.status,
            "event_type": document.event_type,
            "occurred_at": document.occurred_at,
            "occurred_on": day.isoformat(),
            "occurred_month": day.replace(day=1).isoformat(),
            "civil_day": document.day,
            **_content(document),
            "kafka_topic": record.topic,
            "kafka_partition": record.partition,
            "kafka_offset": record.offset,
        }
    )


_CONTENT = (
    "kind",
    "province",
    "brand",
    "model",
    "fuel",
    "owner_id",
    "owner_type",
    "price_cny",
    "exporter_id",
    "destination",
    "odometer_km",
)


def _content(document: Document) -> Row:
    """Columns that documents of different types share, empty where a type has none."""
    row: Row = {name: getattr(document, name, None) for name in _CONTENT}
    if isinstance(document, Registration):
        return row
    if isinstance(document, Deregistration):
        return row | {"kind": document.reason}
    return row | _export_content(document)


def _export_content(document: CustomsExport) -> Row:
    return {
        "kind": document.condition,
        # The province that sells counts, not the one whose border the car crosses.
        "province": document.exporter_province or document.source_province,
        "price_cny": document.value_cny,
    }
