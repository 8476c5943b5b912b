"""What leaves the store, and when. An alert that fires never leaves."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

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
_DOCUMENTS = "DELETE FROM documents WHERE civil_day < (SELECT MAX(civil_day) FROM documents) - :days"


def prune(engine: sa.Engine, *, now: datetime, alert_days: int, document_days: int) -> dict[str, int]:
    """Delete what is older than it is kept.

    Parameters
    ----------
    now
        The present; changes are counted back from it by their `detected_at`.
    alert_days
        Days that resolved alerts and superseded changes are kept.
    document_days
        Days that documents are kept, counted back from the newest one's event time.

    Returns
    -------
    dict
        Deleted rows by table.
    """
    before = now - timedelta(days=alert_days)
    deleted = {}
    with engine.begin() as connection:
        # SQLite compares instants as text, in the form in which they were written.
        bound = before.isoformat() if connection.dialect.name == "sqlite" else before
        for table, statement in _STATEMENTS.items():
            deleted[table] = connection.execute(sa.text(statement), {"before": bound}).rowcount
        documents = connection.execute(sa.text(_DOCUMENTS), {"days": document_days})
        deleted["documents"] = documents.rowcount
    return deleted
