"""TableRows into tables. Whatever is written again changes nothing, whatever order it comes in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from detectors.decoding import decode
from detectors.identities import Decode, IdentityKey
from streams.store.copying import copy_rows
from streams.store.linking import link_evidence
from streams.store.log import append_received, lock_log
from streams.store.records import KINDS, Kind, Row, Stored, StoredRecord, TableRows
from streams.store.rows import refuse, rows_of


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
_REFUSED = _Target(
    "refused_records", ("kafka_topic", "kafka_partition", "kafka_offset", "value_sha256")
)
_OBJECTS = ("facts", "labels")


def write(
    engine: sa.Engine,
    records: Sequence[StoredRecord],
    key: IdentityKey | None = None,
    read: Decode = decode,
) -> Stored:
    """Store a batch and append it to the log, in one transaction.

    A record that the database refuses is set aside and does not stop the others. With a key, digests
    stand in the place of the ids of people and companies, in the rows and in the bytes that are kept.

    Raises
    ------
    sqlalchemy.exc.OperationalError
        If the database does not answer; nothing has been stored then.
    """
    try:
        with engine.begin() as connection:
            return _write(connection, rows_of(records, key, read), records)
    except (DataError, IntegrityError, OperationalError, OverflowError) as error:
        if isinstance(error, OperationalError) and not _lies_in_the_record(error):
            raise
        if len(records) == 1:
            return _set_aside(engine, records[0], str(getattr(error, "orig", error)))
        middle = len(records) // 2
        halves = records[:middle], records[middle:]
        return Stored.total([write(engine, half, key, read) for half in halves])


_LIMITS = "54"
"""Class of PostgreSQL's errors for a record that is beyond a limit: a key too long for its index."""


def _lies_in_the_record(error: OperationalError) -> bool:
    """Whether the database answers, and will never take the record."""
    return str(getattr(error.orig, "sqlstate", None) or "").startswith(_LIMITS)


def _set_aside(engine: sa.Engine, record: StoredRecord, reason: str) -> Stored:
    rows = TableRows()
    refuse(rows, record, f"the database refuses it: {reason}")
    with engine.begin() as connection:
        return _write(connection, rows, [record])


def _write(connection: sa.Connection, rows: TableRows, records: Sequence[StoredRecord]) -> Stored:
    done = Stored()
    _put(connection, _ALERTS, rows.current)
    done.stored["document"] = _put(connection, _DOCUMENTS, rows.current_documents)
    # From here on one writer at a time: all that the others have written is seen.
    size = lock_log(connection)
    done.stored["alert"] = _put(connection, _HISTORY, rows.changes)
    _put(connection, _EVIDENCE, rows.evidence)
    link_evidence(connection, rows)
    append_received(connection, size, rows.received)
    # Documents that are none lie, unchanged, in the worker's dead letters.
    _put(connection, _REFUSED, [row for row in rows.refused if row["kind"] == "alert"])
    for kind in KINDS:
        done.refused[kind] = sum(row["kind"] == kind for row in rows.refused)
        done.repeated[kind] = _count(records, kind) - done.stored[kind] - done.refused[kind]
    return done


def _count(records: Sequence[StoredRecord], kind: Kind) -> int:
    return sum(record.kind == kind for record in records)


def _put(connection: sa.Connection, target: _Target, rows: Sequence[Row]) -> int:
    """Insert rows where they are new or newer; returns how many were."""
    if not rows:
        return 0
    columns = tuple(rows[0])
    dialect = connection.dialect.name
    statement = _statement(target, columns, dialect)
    if dialect == "postgresql":
        # The batch is copied beside the table first: much faster than a statement a row.
        _stage(connection, target.table, columns, rows)
        return connection.execute(statement).rowcount
    result = connection.execute(statement, [_flat(row) for row in rows])
    return result.rowcount


def _stage(
    connection: sa.Connection, table: str, columns: tuple[str, ...], rows: Sequence[Row]
) -> None:
    """Copy rows into a table of this connection's own, which is empty again after the transaction."""
    connection.execute(
        sa.text(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS staged_{table} "  # noqa: S608 - our own names only
            f"ON COMMIT DELETE ROWS AS SELECT {', '.join(columns)} FROM {table} WITH NO DATA"
        )
    )
    copy_rows(
        connection,
        f"COPY staged_{table} ({', '.join(columns)}) FROM STDIN",
        (tuple(_flat(row).values()) for row in rows),
    )


@cache
def _statement(target: _Target, columns: tuple[str, ...], dialect: str) -> sa.TextClause:
    names = ", ".join(columns)
    source = (
        f"SELECT {names} FROM staged_{target.table}"  # noqa: S608 - our own names only
        if dialect == "postgresql"
        else f"VALUES ({', '.join(f':{name}' for name in columns)})"
    )
    return sa.text(
        f"INSERT INTO {target.table} ({names}) {source} "
        f"ON CONFLICT ({', '.join(target.identity)}) {_resolution(target, columns)}"
    )


def _resolution(target: _Target, columns: tuple[str, ...]) -> str:
    if not target.newer:
        return "DO NOTHING"
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns)
    ours = ", ".join(f"{target.table}.{name}" for name in target.newer)
    theirs = ", ".join(f"excluded.{name}" for name in target.newer)
    return f"DO UPDATE SET {changes} WHERE ({theirs}) > ({ours})"


def _flat(row: Row) -> Row:
    """Objects as text."""
    if "facts" not in row:
        return row
    return row | {name: msgspec.json.encode(row[name]).decode() for name in _OBJECTS}
