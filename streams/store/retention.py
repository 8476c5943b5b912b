"""What leaves the store, and when. An alert that fires never leaves; nor do many documents unasked.

The leaves of the log stay, so proofs of other records go on verifying.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from detectors.country import CHINA, Country

_STATEMENTS = {
    # Evidence leaves with its change.
    "alert_history": (
        "DELETE FROM alert_history WHERE detected_at < :before AND NOT EXISTS ("
        "SELECT 1 FROM alerts WHERE alerts.alert_id = alert_history.alert_id "
        "AND alerts.revision = alert_history.revision AND (alerts.state = 'firing' "
        "OR alerts.detected_at >= :before))"
    ),
    "alerts": "DELETE FROM alerts WHERE state = 'resolved' AND detected_at < :before",
    "refused_records": "DELETE FROM refused_records WHERE stored_at < :before",
}
# A date beyond the wall clock is a mistake, and says nothing of how far its feed has come.
_REACHED = "SELECT MAX(civil_day) FROM documents WHERE civil_day <= :today GROUP BY event_type"
_OLD = "SELECT COUNT(*), (SELECT COUNT(*) FROM documents) FROM documents WHERE civil_day < :before"
_RECEIVED_ALERTS = (
    "DELETE FROM received_records WHERE kind = 'alert' AND NOT EXISTS (SELECT 1 FROM alert_history h "
    "WHERE h.alert_id = received_records.belongs_to AND h.revision = received_records.revision)"
)
_DOCUMENTS = {
    # Evidence goes on naming its document by source and event id.
    "alert_evidence": (
        "UPDATE alert_evidence SET document_vin = NULL WHERE document_vin IS NOT NULL AND EXISTS ("
        "SELECT 1 FROM documents d WHERE d.vin = document_vin AND d.source = alert_evidence.source "
        "AND d.event_id = alert_evidence.event_id AND d.civil_day < :before)"
    ),
    "documents": "DELETE FROM documents WHERE civil_day < :before",
    "received_records": "DELETE FROM received_records WHERE kind = 'document' AND civil_day < :before",
}
MOST_SHARE = 0.05
"""Share of the documents that may leave at once without a person's word."""
FEW = 10
"""So many may leave whatever their share is."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """What left, and what did not."""

    deleted: dict[str, int]
    """Rows by table."""
    held_back: int
    """Documents older than they are kept, too many to leave without a person's word."""
    before: date | None
    """Civil day that the documents lie before which leave; ``None`` before the first document."""


def prune(
    engine: sa.Engine,
    *,
    now: datetime,
    alert_days: int,
    document_days: int,
    allowed_before: date | None = None,
    country: Country = CHINA,
) -> Pruned:
    """Delete what is older than it is kept.

    Parameters
    ----------
    now
        The present; changes are counted back from it by their `detected_at`.
    alert_days
        Days that resolved alerts and superseded changes are kept.
    document_days
        Days that documents are kept, counted back in event time from the feed that is furthest behind.
    allowed_before
        A person's word: documents before this civil day may leave, however many they are.
    country
        Whose civil days they are.
    """
    before = now - timedelta(days=alert_days)
    deleted = {}
    with engine.begin() as connection:
        # SQLite compares instants as text, in the form in which they were written.
        bound = before.isoformat() if connection.dialect.name == "sqlite" else before
        for table, statement in _STATEMENTS.items():
            deleted[table] = connection.execute(sa.text(statement), {"before": bound}).rowcount
        deleted["received_records"] = 0
        if deleted["alert_history"]:
            deleted["received_records"] = connection.execute(sa.text(_RECEIVED_ALERTS)).rowcount
        deleted["documents"] = 0
        held = held_back(connection, now, document_days, allowed_before, country)
        if held.before is not None and not held.documents:
            _prune_documents(connection, held.before.toordinal(), deleted)
    return Pruned(deleted, held.documents, held.before)


@dataclass(frozen=True, slots=True)
class HeldBackDocuments:
    """Documents that are older than they are kept, and too many to leave without a person's word."""

    documents: int
    before: date | None
    """Civil day that old documents lie before; ``None`` before the first document."""


def held_back(
    connection: sa.Connection,
    now: datetime,
    document_days: int,
    allowed_before: date | None,
    country: Country,
) -> HeldBackDocuments:
    """Count the documents that `prune` holds back; 0 where those that are old may leave."""
    today = country.day_of_instant(int(now.timestamp() * 1000))
    reached = connection.execute(sa.text(_REACHED), {"today": today}).scalars().all()
    if not reached:
        return HeldBackDocuments(0, None)
    day = max(1, min(reached) - document_days)
    old, total = connection.execute(sa.text(_OLD), {"before": day}).one()
    allowed = allowed_before is not None and allowed_before.toordinal() >= day
    held = 0 if allowed or old <= max(FEW, MOST_SHARE * total) else old
    return HeldBackDocuments(held, date.fromordinal(day))


def _prune_documents(connection: sa.Connection, before: int, deleted: dict[str, int]) -> None:
    """Delete documents before a civil day, their bytes too."""
    done = {
        table: connection.execute(sa.text(statement), {"before": before}).rowcount
        for table, statement in _DOCUMENTS.items()
    }
    deleted["documents"] = done["documents"]
    deleted["received_records"] += done["received_records"]
