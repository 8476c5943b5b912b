"""What the database refused, stored again once what kept it out has been mended."""

from __future__ import annotations

from base64 import b64decode
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from detectors.decoding import decode
from detectors.identities import Decode
from streams.evidence.entries import headers_of
from streams.store.records import Stored, StoredRecord
from streams.store.rows import rows_of
from streams.store.writing import write_rows

PAGE: Final = 500
_COLUMNS: Final = "kafka_topic, kafka_partition, kafka_offset, value_sha256"
_NEXT: Final = sa.text(
    f"SELECT kind, value_base64, key, headers, kafka_timestamp, {_COLUMNS} "  # noqa: S608 - our own names
    f"FROM refused_records WHERE ({_COLUMNS}) > "
    "(:kafka_topic, :kafka_partition, :kafka_offset, :value_sha256) "
    f"ORDER BY {_COLUMNS} LIMIT {PAGE}"
)
_TAKE: Final = sa.text(
    "DELETE FROM refused_records WHERE kafka_topic = :kafka_topic "
    "AND kafka_partition = :kafka_partition AND kafka_offset = :kafka_offset "
    "AND value_sha256 = :value_sha256"
)


def store_again(engine: sa.Engine, read: Decode = decode, *, concealed: bool = False) -> Stored:
    """Try every refused record once more; those that are stored leave `refused_records`.

    Parameters
    ----------
    engine
        The store.
    read
        How documents are read.
    concealed
        Whether documents were set aside with digests for ids, as they are where a key is set.
    """
    done = Stored()
    last: dict[str, Any] = {
        "kafka_topic": "", "kafka_partition": -2, "kafka_offset": -2, "value_sha256": "",
    }  # fmt: skip
    while True:
        with engine.connect() as connection:
            page = [dict(row) for row in connection.execute(_NEXT, last).mappings()]
        for row in page:
            done.add(_again(engine, row, read, concealed=concealed))
        if len(page) < PAGE:
            return done
        last = {name: page[-1][name] for name in last}


def _again(engine: sa.Engine, row: dict[str, Any], read: Decode, *, concealed: bool) -> Stored:
    record = StoredRecord(
        row["kind"], b64decode(row["value_base64"]), row["kafka_topic"] or None,
        _number(row["kafka_partition"]), _number(row["kafka_offset"]),
        None if row["key"] is None else bytes(row["key"]), headers_of(row["headers"] or "[]"),
        row["kafka_timestamp"],
    )  # fmt: skip
    rows = rows_of([record], read=read, concealed=concealed)
    try:
        with engine.begin() as connection:
            done = write_rows(connection, rows)
            if not rows.refused:
                connection.execute(_TAKE, {name: row[name] for name in _COLUMNS.split(", ")})
            return done
    except (DBAPIError, OverflowError):
        done = Stored()
        done.refused[record.kind] = 1
        return done


def _number(kept: int) -> int | None:
    return None if kept < 0 else kept
