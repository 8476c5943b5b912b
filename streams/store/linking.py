"""Evidence and its documents: whichever of them comes first, the other finds it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from streams.store.records import Row, TableRows

_LINK = (
    "UPDATE alert_evidence SET document_vin = (SELECT MIN(d.vin) FROM documents d, alert_history h "
    "WHERE d.source = alert_evidence.source AND d.event_id = alert_evidence.event_id "
    "AND h.alert_id = alert_evidence.alert_id AND h.revision = alert_evidence.revision "
    # Of one event id under two VINs, the document of the alert's own vehicle.
    "AND (h.subject_type <> 'vehicle' OR h.subject = d.vin)) WHERE document_vin IS NULL AND "
)
_NEW = {
    "sqlite": "source = :source AND event_id = :event_id",
    "postgresql": "(source, event_id) IN (SELECT * FROM jsonb_to_recordset(CAST(:batch AS jsonb)) "
    "AS b(source text, event_id text))",
}


def link_evidence(connection: sa.Connection, rows: TableRows) -> None:
    """Let evidence point to its documents, where either of them has just come."""
    batch = _identities(rows.evidence) + _identities(rows.documents)
    if not batch:
        return
    dialect = connection.dialect.name
    statement = sa.text(_LINK + _NEW[dialect])
    if dialect == "postgresql":
        connection.execute(statement, {"batch": msgspec.json.encode(batch).decode()})
    else:
        connection.execute(statement, batch)


def _identities(rows: Sequence[Row]) -> list[Row]:
    pairs = {(row["source"], row["event_id"]) for row in rows}
    return [{"source": source, "event_id": event_id} for source, event_id in sorted(pairs)]
