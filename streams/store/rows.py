"""Records in, rows out; what cannot be read is a row too."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

from detectors.decoding import decode
from detectors.identities import Decode, IdentityKey
from streams.evidence.entries import headers_as_json
from streams.store.alert_rows import add_alert
from streams.store.document_rows import add_document
from streams.store.errors import RecordError
from streams.store.records import StoredRecord, TableRows


def rows_of(
    records: Iterable[StoredRecord],
    key: IdentityKey | None = None,
    read: Decode = decode,
    *,
    concealed: bool = False,
) -> TableRows:
    """Rows of a batch of documents read so; with a key, ids of people and companies are digests.

    With `concealed`, they are digests in the records already.
    """
    rows = TableRows()
    for record in records:
        try:
            if record.kind == "alert":
                add_alert(rows, record)
            else:
                add_document(rows, record, key, read, concealed=concealed)
        except RecordError as error:
            refuse(rows, record, str(error))
    return rows


def refuse(rows: TableRows, record: StoredRecord, reason: str) -> None:
    """Keep a record that cannot be stored, whole and unchanged, with the reason."""
    rows.refused.append(
        {
            "kind": record.kind,
            "reason": reason.replace("\x00", "\N{REPLACEMENT CHARACTER}"),
            "kafka_topic": record.topic or "",
            "kafka_partition": -1 if record.partition is None else record.partition,
            "kafka_offset": -1 if record.offset is None else record.offset,
            "value_sha256": sha256(record.value).hexdigest(),
            "value_base64": b64encode(record.value).decode(),
            "key": record.key,
            "headers": headers_as_json(record.headers),
            "kafka_timestamp": record.timestamp,
        }
    )
