"""Records as they are kept: the bytes as they came, where they were read, and their leaf in the log."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec

from streams.evidence.entries import LogEntry, headers_in_base64, in_base64
from streams.store.records import Received, StoredRecord

COLUMNS: Final = (
    "kind", "kafka_topic", "kafka_partition", "kafka_offset", "kafka_timestamp", "key", "headers",
    "value", "value_sha256", "concealed", "belongs_to", "revision", "source", "event_id",
    "content_digest", "civil_day",
)  # fmt: skip
"""What `Received.values` holds."""
TYPES: Final = (
    "text", "text", "int4", "int8", "int8", "bytea", "text", "bytea", "bytea", "bool", "text", "int8",
    "text", "text", "text", "int4",
)  # fmt: skip
_About = tuple[str | None, str | None, str | None, int | None]
_OF_AN_ALERT: Final[_About] = (None, None, None, None)


def receive(
    record: StoredRecord,
    concealed: bool,
    belongs_to: str,
    revision: int,
    about: _About = _OF_AN_ALERT,
) -> Received:
    """Work out how a record is kept.

    Parameters
    ----------
    record
        Bytes as they came; with an identity key, without what they tell of people and companies.
    concealed
        Whether there is such a key.
    belongs_to
        VIN of a document, alert id of a change or of a case's event, id of a snooze or an exception.
    revision
        Of the document, the alert, the case, the snooze or the exception.
    about
        Source, event id, digest of the content and civil day of a document.
    """
    kind, value, topic, partition, offset, key, headers, timestamp = record
    topic = topic or ""
    partition = -1 if partition is None else partition
    offset = -1 if offset is None else offset
    digest = sha256(value)
    texts = headers_in_base64(headers) if headers else ()
    entry = LogEntry(
        texts, in_base64(key), kind, offset, partition, timestamp, topic, digest.hexdigest()
    )
    digested = digest.digest()
    return Received(
        (topic, partition, offset, digested),
        entry.leaf(),
        (
            kind, topic, partition, offset, timestamp, key,
            msgspec.json.encode(texts).decode() if texts else "[]",
            value, digested, concealed, belongs_to, revision, *about,
        ),
    )  # fmt: skip
