"""A document as a row: what retail, exports and timelines are counted from."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from operator import attrgetter

import msgspec

from detectors import civil_time
from detectors.documents import CustomsExport, Deregistration, Document, Registration
from detectors.errors import DocumentError
from detectors.filing import content_digest
from detectors.identities import Decode, IdentityKey
from streams.store.errors import RecordError
from streams.store.records import Received, Row, StoredRecord, TableRows


def add_document(rows: TableRows, record: StoredRecord, key: IdentityKey | None, read: Decode) -> None:
    """Turn one record of a document topic into a row, and keep it as it came.

    Raises
    ------
    RecordError
        If it is no document; the worker sends such a record to the dead letters.
    """
    try:
        document = read(record.value)
        if key is not None:
            document = key.conceal(document)
            record = _concealed(record, key.conceal_payload(record.value, document))
    except DocumentError as error:
        raise RecordError(field=error.field, value=error.value, allowed=error.allowed) from None
    digest = content_digest(document).hex()
    rows.documents.append(
        {
            "vin": document.vin,
            "source": document.source,
            "event_id": document.event_id,
            "revision": document.revision,
            "content_digest": digest,
            "status": document.status,
            "event_type": document.event_type,
            "occurred_at": document.occurred_at,
            **_days(document.day),
            **_content(document),
            "kafka_topic": record.topic,
            "kafka_partition": record.partition,
            "kafka_offset": record.offset,
        }
    )
    rows.received.append(
        Received(
            record, key is not None, document.vin, document.revision, document.source,
            document.event_id, digest, document.day,
        )
    )  # fmt: skip


@lru_cache(10_000)
def _days(number: int) -> Row:
    day = date.fromordinal(number)
    return {
        "occurred_on": day.isoformat(),
        "occurred_month": day.replace(day=1).isoformat(),
        "occurred_week": (day - timedelta(days=day.weekday())).isoformat(),
        "civil_day": number,
    }


def _concealed(record: StoredRecord, value: bytes) -> StoredRecord:
    """The record with other bytes and its headers' names: nobody knows what their values hold."""
    return record._replace(value=value, headers=tuple((name, None) for name, _ in record.headers))


_CONTENT = (
    "kind",
    "province",
    "brand",
    "model",
    "fuel",
    "use",
    "owner_id",
    "owner_type",
    "seller_id",
    "price_cny",
    "invoice_no",
    "plate",
    "odometer_km",
    "odometer_status",
    "declaration_no",
    "exporter_id",
    "exporter_province",
    "source_province",
    "exit_customs",
    "destination",
    "hs_code",
    "trade_mode",
    "licence_no",
    "manufacturer_letter",
    "owner_group",
    "seller_group",
    "date_precision",
)


_EMPTY: Row = dict.fromkeys((*_CONTENT, "recorded_at", "licence_applied_on", "exited_on", "dropped"))
_NAMES = {
    kind: tuple(name for name in _CONTENT if name in kind.__struct_fields__)
    for kind in (Registration, Deregistration, CustomsExport)
}
_VALUES = {kind: attrgetter(*names) for kind, names in _NAMES.items()}


def _content(document: Document) -> Row:
    """Columns that documents of different types share, empty where a type has none."""
    kind = type(document)
    row = _EMPTY | dict(zip(_NAMES[kind], _VALUES[kind](document), strict=True))
    if document.recorded_day is not None:
        row["recorded_at"] = civil_time.text(document.recorded_day, document.recorded_time)
    if document.dropped:
        row["dropped"] = msgspec.json.encode(dict(document.dropped)).decode()
    if isinstance(document, Deregistration):
        row["kind"] = document.reason
    elif isinstance(document, CustomsExport):
        row |= _export_content(document)
    return row


def _export_content(document: CustomsExport) -> Row:
    return {
        "kind": document.condition,
        # The province that sells counts, not the one whose border the car crosses.
        "province": document.exporter_province or document.source_province,
        "price_cny": document.value_cny,
        "licence_applied_on": _day(document.licence_applied_day),
        "exited_on": _day(document.exited_day),
    }


def _day(day: int | None) -> str | None:
    return None if day is None else date.fromordinal(day).isoformat()
