"""A document as a row: what retail, exports and timelines are counted from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from detectors import civil_time
from detectors.documents import CustomsExport, Deregistration, Document, Registration
from detectors.errors import DocumentError
from detectors.filing import content_digest
from detectors.identities import Decode, IdentityKey
from streams.store.errors import RecordError
from streams.store.received import receive
from streams.store.records import DocumentRow, StoredRecord, TableRows


def add_document(
    rows: TableRows,
    record: StoredRecord,
    key: IdentityKey | None,
    read: Decode,
    *,
    concealed: bool = False,
) -> None:
    """Turn one record of a document topic into a row, and keep it as it came.

    With `concealed`, digests stand for ids in the record already.

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
    concealed = concealed or key is not None
    digest = content_digest(document).hex()
    kind = type(document)
    rows.documents.append(
        DocumentRow(
            _COLUMNS[kind],
            (
                document.vin, document.source, document.event_id, document.revision, digest,
                document.status, document.event_type, document.occurred_at, *_days(document.day),
                _recorded_at(document), _dropped(document),
                record.topic, record.partition, record.offset,
                *_PLAIN_VALUES[kind](document), *_OTHER_VALUES[kind](document),
            ),
        )
    )  # fmt: skip
    about = document.source, document.event_id, digest, document.day
    rows.received.append(receive(record, concealed, document.vin, document.revision, about))


def as_kept(record: StoredRecord, key: IdentityKey, read: Decode) -> StoredRecord:
    """A record of a document topic without what it tells of people and companies.

    Raises
    ------
    DocumentError
        If it is no document.
    """
    document = key.conceal(read(record.value))
    return _concealed(record, key.conceal_payload(record.value, document))


@lru_cache(10_000)
def _days(number: int) -> tuple[str, str, str, int]:
    day = date.fromordinal(number)
    monday = day - timedelta(days=day.weekday())
    return day.isoformat(), day.replace(day=1).isoformat(), monday.isoformat(), number


def _concealed(record: StoredRecord, value: bytes) -> StoredRecord:
    """The record with other bytes and its headers' names: nobody knows what their values hold."""
    return record._replace(value=value, headers=tuple((name, None) for name, _ in record.headers))


_CONTENT = (
    "kind", "province", "brand", "model", "fuel", "use", "owner_id", "owner_type", "seller_id",
    "price_cny", "invoice_no", "plate", "odometer_km", "odometer_status", "declaration_no",
    "exporter_id", "exporter_province", "source_province", "exit_customs", "destination", "hs_code",
    "trade_mode", "licence_no", "manufacturer_letter", "owner_group", "seller_group", "date_precision",
)  # fmt: skip
_OF_ALL = (
    "vin", "source", "event_id", "revision", "content_digest", "status", "event_type", "occurred_at",
    "occurred_on", "occurred_month", "occurred_week", "civil_day", "recorded_at", "dropped",
    "kafka_topic", "kafka_partition", "kafka_offset",
)  # fmt: skip
_PLAIN = {
    kind: tuple(name for name in _CONTENT if name in kind.__struct_fields__)
    for kind in (Registration, Deregistration, CustomsExport)
}
"""Fields that are columns as they are."""
_PLAIN_VALUES: dict[type[Document], Callable[[Any], tuple[Any, ...]]] = {
    kind: attrgetter(*names) for kind, names in _PLAIN.items()
}


def _recorded_at(document: Document) -> str | None:
    day = document.recorded_day
    return None if day is None else civil_time.text(day, document.recorded_time)


def _dropped(document: Document) -> str | None:
    return msgspec.json.encode(dict(document.dropped)).decode() if document.dropped else None


def _of_export(document: CustomsExport) -> tuple[Any, ...]:
    return (
        document.condition,
        # The province that sells counts, not the one whose border the car crosses.
        document.exporter_province or document.source_province,
        document.value_cny,
        _day(document.licence_applied_day),
        _day(document.exited_day),
    )


_OTHER_VALUES: dict[type[Document], Callable[[Any], tuple[Any, ...]]] = {
    Registration: lambda _: (),
    Deregistration: lambda document: (document.reason,),
    CustomsExport: _of_export,
}
_COLUMNS: dict[type[Document], tuple[str, ...]] = {
    Registration: (*_OF_ALL, *_PLAIN[Registration]),
    Deregistration: (*_OF_ALL, *_PLAIN[Deregistration], "kind"),
    CustomsExport: (
        *_OF_ALL, *_PLAIN[CustomsExport],
        "kind", "province", "price_cny", "licence_applied_on", "exited_on",
    ),
}  # fmt: skip
DOCUMENT_COLUMNS: tuple[str, ...] = tuple(
    dict.fromkeys(name for names in _COLUMNS.values() for name in names)
)
"""Columns of all types."""


def _day(day: int | None) -> str | None:
    return None if day is None else date.fromordinal(day).isoformat()
