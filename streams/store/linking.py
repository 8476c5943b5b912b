"""Evidence and its documents: whichever of them comes first, the other finds it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from streams.store.records import Row, TableRows

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
_LINK = sa.text(
    "UPDATE alert_evidence SET document_vin = :vin "
    "WHERE alert_id = :alert_id AND revision = :revision AND position = :position"
)


def linked_evidence(connection: sa.Connection, rows: TableRows) -> list[Row]:
    """Evidence of a batch, each row with the VIN of its document where the store has got that."""
    kept = _kept(connection, {(row["source"], row["event_id"]) for row in rows.evidence})
    about = {(change["alert_id"], change["revision"]): change for change in rows.changes}
    return [
        row | {"document_vin": _own(kept, row, about[row["alert_id"], row["revision"]])}
        for row in rows.evidence
    ]


def link_waiting(connection: sa.Connection, documents: Iterable[Identity]) -> None:
    """Let the evidence that came before these documents point to them."""
    waiting = [row._asdict() for row in _looked_up(connection, _WAITING, "alert_evidence", documents)]
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
