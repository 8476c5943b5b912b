"""Evidence and its documents: whichever of them comes first, the other finds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from streams.store.records import DocumentRow, Row, TableRows

Identity = tuple[str, str]
"""Source and event id."""
# Few rows are looked up in large tables: by index, whatever the planner knows of the tables.
_BATCH = {
    "sqlite": "json_each(:batch) b CROSS JOIN {table} t "
    "ON t.source = json_extract(b.value, '$[0]') AND t.event_id = json_extract(b.value, '$[1]')",
    "postgresql": "(SELECT value ->> 0 AS source, value ->> 1 AS event_id FROM "
    "jsonb_array_elements(CAST(:batch AS jsonb))) b "
    "JOIN {table} t ON t.source = b.source AND t.event_id = b.event_id",
}
_KEPT = "SELECT t.source, t.event_id, t.vin FROM {batch}"
_WAITING = (
    "SELECT t.alert_id, t.revision, t.position, t.source, t.event_id, h.subject_type, h.subject "
    "FROM {batch} JOIN alert_history h ON h.alert_id = t.alert_id AND h.revision = t.revision "
    "WHERE t.document_vin IS NULL"
)
# In the order of the index of what waits, so that it alone is read.
_ANY_WAITS = sa.text(
    "SELECT 1 FROM alert_evidence WHERE document_vin IS NULL ORDER BY source, event_id LIMIT 1"
)
_LINK = sa.text(
    "UPDATE alert_evidence SET document_vin = :vin "
    "WHERE alert_id = :alert_id AND revision = :revision AND position = :position"
)


def linked_evidence(connection: sa.Connection, rows: TableRows) -> list[Row]:
    """Evidence of a batch, to each row added the VIN of its document where the store has got that."""
    kept = _kept(connection, {(row["source"], row["event_id"]) for row in rows.evidence})
    about = {(change["alert_id"], change["revision"]): change for change in rows.changes}
    for row in rows.evidence:
        row["document_vin"] = _own(kept, row, about[row["alert_id"], row["revision"]])
    return rows.evidence


def link_waiting(connection: sa.Connection, documents: Sequence[DocumentRow]) -> None:
    """Let the evidence that came before these documents point to them."""
    if not documents or connection.execute(_ANY_WAITS).first() is None:
        return
    identities = {row.values[1:3] for row in documents}
    waiting = [row._asdict() for row in _looked_up(connection, _WAITING, "alert_evidence", identities)]
    if not waiting:
        return
    kept = _kept(connection, {(row["source"], row["event_id"]) for row in waiting})
    connection.execute(_LINK, [row | {"vin": _own(kept, row, row)} for row in waiting])


def _own(kept: dict[Identity, list[str]], evidence: Row, change: Row) -> str | None:
    """Of one event id under several VINs, the document of the alert's own vehicle."""
    vins = kept.get((evidence["source"], evidence["event_id"]), [])
    if change["subject_type"] == "vehicle":
        return change["subject"] if change["subject"] in vins else None
    return min(vins, default=None)


def _kept(connection: sa.Connection, identities: Iterable[Identity]) -> dict[Identity, list[str]]:
    """VINs of the documents that the store has got of each identity."""
    vins: dict[Identity, list[str]] = defaultdict(list)
    for row in _looked_up(connection, _KEPT, "documents", identities):
        vins[row.source, row.event_id].append(row.vin)
    return vins


def _looked_up(
    connection: sa.Connection, query: str, table: str, identities: Iterable[Identity]
) -> Sequence[sa.Row[Any]]:
    batch = sorted(identities)
    if not batch:
        return []
    joined = _BATCH[connection.dialect.name].format(table=table)
    statement = sa.text(query.format(batch=joined))
    return connection.execute(statement, {"batch": msgspec.json.encode(batch).decode()}).all()
