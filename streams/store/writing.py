"""TableRows into tables. Whatever is written again changes nothing, whatever order it comes in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from detectors.decoding import decode
from detectors.identities import Decode, IdentityKey
from streams.store.copying import copy_rows
from streams.store.document_rows import DOCUMENT_COLUMNS, as_kept
from streams.store.linking import link_waiting, linked_evidence
from streams.store.log import append_received, lock_log
from streams.store.records import KINDS, DocumentRow, Row, Stored, StoredRecord, TableRows
from streams.store.rows import refuse, rows_of
from streams.store.words import words_of_alert


@dataclass(frozen=True, slots=True)
class _Target:
    """A table and what wins where a row of the same identity is there."""

    table: str
    identity: tuple[str, ...]
    newer: tuple[str, ...] = ()
    """Columns that must be greater, compared in this order; without any the first row stays."""


_HISTORY = _Target("alert_history", ("alert_id", "revision"))
_EVIDENCE = _Target("alert_evidence", ("alert_id", "revision", "position"))
_ALERTS = _Target("alerts", ("alert_id",), ("revision",))
_DOCUMENTS = _Target("documents", ("vin", "source", "event_id"), ("revision", "content_digest"))
_Parts = dict[tuple[str, ...], list[tuple[Any, ...]]]
"""Rows by the columns that they have."""
_REFUSED = _Target(
    "refused_records", ("kafka_topic", "kafka_partition", "kafka_offset", "value_sha256")
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records with the rows that they come to, worked out without the database."""

    records: Sequence[StoredRecord]
    rows: TableRows
    key: IdentityKey | None
    read: Decode

    @classmethod
    def of(
        cls,
        records: Sequence[StoredRecord],
        key: IdentityKey | None = None,
        read: Decode = decode,
    ) -> Batch:
        """Make records ready for `write_batch`; with a key, ids of people and companies are digests."""
        return cls(records, rows_of(records, key, read), key, read)

    def halves(self) -> tuple[Batch, Batch]:
        """The batch in two."""
        middle = len(self.records) // 2
        return (
            Batch.of(self.records[:middle], self.key, self.read),
            Batch.of(self.records[middle:], self.key, self.read),
        )


def write(
    engine: sa.Engine,
    records: Sequence[StoredRecord],
    key: IdentityKey | None = None,
    read: Decode = decode,
) -> Stored:
    """Store records and append them to the log: see `write_batch`.

    With a key, digests stand in the place of the ids of people and companies, in the rows and in the
    bytes that are kept.
    """
    return write_batch(engine, Batch.of(records, key, read))


def write_batch(engine: sa.Engine, batch: Batch) -> Stored:
    """Store a batch and append it to the log, in one transaction.

    A record that the database refuses is set aside and does not stop the others.

    Raises
    ------
    sqlalchemy.exc.OperationalError
        If the database does not answer, or `lasts`; nothing has been stored then.
    """
    try:
        with engine.begin() as connection:
            return write_rows(connection, batch.rows)
    except (DataError, IntegrityError, OperationalError, OverflowError) as error:
        if isinstance(error, OperationalError) and not _lies_in_the_record(error):
            raise
        if len(batch.records) == 1:
            (record,) = batch.records
            if batch.key is not None and record.kind == "document":
                record = as_kept(record, batch.key, batch.read)
            return _set_aside(engine, record, str(getattr(error, "orig", error)))
        return Stored.total([write_batch(engine, half) for half in batch.halves()])


BY_DATABASE = "the database refuses it: "
"""Begins the reason for which a record was set aside that is as it should be."""
_LIMITS = "54"
"""Class of PostgreSQL's errors for a record that is beyond a limit: a key too long for its index."""


def _lies_in_the_record(error: OperationalError) -> bool:
    """Whether the database answers, and will never take the record."""
    return str(getattr(error.orig, "sqlstate", None) or "").startswith(_LIMITS)


def lasts(error: OperationalError) -> bool:
    """Whether SQLite refuses what is asked, however often: a column is missing, a file is read-only."""
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    return name == "SQLITE_ERROR" or name.startswith("SQLITE_READONLY")


def _set_aside(engine: sa.Engine, record: StoredRecord, reason: str) -> Stored:
    rows = TableRows()
    refuse(rows, record, BY_DATABASE + reason)
    with engine.begin() as connection:
        return write_rows(connection, rows)


def write_rows(connection: sa.Connection, rows: TableRows) -> Stored:
    """Write the rows of some records in a transaction that somebody else ends."""
    done = Stored()
    _put(connection, _ALERTS, [row | {"words": _words(row)} for row in rows.current])
    done.stored["document"] = _put_documents(connection, rows.current_documents)
    # From here on one writer at a time: all that the others have written is seen.
    size = lock_log(connection)
    done.stored["alert"] = _put(connection, _HISTORY, rows.changes)
    _put(connection, _EVIDENCE, linked_evidence(connection, rows))
    link_waiting(connection, rows.documents)
    append_received(connection, size, rows.received)
    _put(connection, _REFUSED, [row for row in rows.refused if _is_kept(row)])
    read = {"alert": len(rows.changes), "document": len(rows.documents)}
    for kind in KINDS:
        done.refused[kind] = sum(row["kind"] == kind for row in rows.refused)
        done.repeated[kind] = read[kind] - done.stored[kind]
    return done


def _words(row: Row) -> str:
    return words_of_alert(row["title"], row["explanation"], row["subject"])


def _is_kept(refused: Row) -> bool:
    """Documents that are none lie, unchanged, in the worker's dead letters, and nowhere here."""
    return bool(refused["kind"] == "alert" or refused["reason"].startswith(BY_DATABASE))


def _put(connection: sa.Connection, target: _Target, rows: Sequence[Row]) -> int:
    """Insert rows where they are new or newer; returns how many were."""
    if not rows:
        return 0
    columns = tuple(rows[0])
    return _put_parts(connection, target, columns, {columns: [tuple(row.values()) for row in rows]})


def _put_documents(connection: sa.Connection, rows: Sequence[DocumentRow]) -> int:
    """Insert documents, those of each type with the columns that it has."""
    parts: _Parts = defaultdict(list)
    for row in rows:
        parts[row.columns].append(row.values)
    return _put_parts(connection, _DOCUMENTS, DOCUMENT_COLUMNS, parts) if rows else 0


def _put_parts(
    connection: sa.Connection, target: _Target, columns: tuple[str, ...], parts: _Parts
) -> int:
    if connection.dialect.name == "postgresql":
        # The batch is copied beside the table first: much faster than a statement a row.
        for given, values in parts.items():
            _stage(connection, target.table, columns, given, values)
        return connection.execute(_from_staged(target, columns)).rowcount
    return sum(
        connection.execute(
            _from_values(target, columns, given), [dict(zip(given, row, strict=True)) for row in values]
        ).rowcount
        for given, values in parts.items()
    )


def _stage(
    connection: sa.Connection, table: str, columns: tuple[str, ...], given: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> None:  # fmt: skip
    """Copy rows into a table of this connection's own, which is empty again after the transaction."""
    connection.execute(
        sa.text(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS staged_{table} "  # noqa: S608 - our own names only
            f"ON COMMIT DELETE ROWS AS SELECT {', '.join(columns)} FROM {table} WITH NO DATA"
        )
    )
    copy_rows(connection, f"COPY staged_{table} ({', '.join(given)}) FROM STDIN", rows)


@cache
def _from_staged(target: _Target, columns: tuple[str, ...]) -> sa.TextClause:
    names, identity = ", ".join(columns), ", ".join(target.identity)
    # In one order for all writers, so that none waits for another that waits for it.
    return sa.text(
        f"INSERT INTO {target.table} ({names}) SELECT {names} "  # noqa: S608 - our own names only
        f"FROM staged_{target.table} ORDER BY {identity} "
        f"ON CONFLICT ({identity}) {_resolution(target, columns)}"
    )


@cache
def _from_values(target: _Target, columns: tuple[str, ...], given: tuple[str, ...]) -> sa.TextClause:
    return sa.text(
        f"INSERT INTO {target.table} ({', '.join(given)}) "  # noqa: S608 - our own names only
        f"VALUES ({', '.join(f':{name}' for name in given)}) "
        f"ON CONFLICT ({', '.join(target.identity)}) {_resolution(target, columns)}"
    )


def _resolution(target: _Target, columns: tuple[str, ...]) -> str:
    if not target.newer:
        return "DO NOTHING"
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
    ours = ", ".join(f"{target.table}.{name}" for name in target.newer)
    theirs = ", ".join(f"excluded.{name}" for name in target.newer)
    return f"DO UPDATE SET {changes} WHERE ({theirs}) > ({ours})"
