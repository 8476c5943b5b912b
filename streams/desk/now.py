"""How things stand: what waits for a decision, what is newest, and how far the feeds are."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
import sqlalchemy as sa

from detectors.findings import SEVERITIES, Severity
from streams.desk.asking import AlertQuestion, AlertRow, alerts_asked

_SHOWN: Final = 8
_FEEDS = sa.text(
    "SELECT event_type, MAX(occurred_on) AS reached, COUNT(*) AS documents FROM documents "
    "WHERE status = 'valid' AND occurred_on <= :today GROUP BY event_type ORDER BY event_type"
)
_STORED = sa.text(
    "SELECT size AS log_size, (SELECT COUNT(*) FROM refused_records) AS refused, "
    "(SELECT received_at FROM received_records WHERE leaf_index = size - 1) AS newest, "
    "(SELECT refreshed_at FROM view_refreshes) AS refreshed FROM log_head"
)


class Feed(msgspec.Struct, frozen=True):
    """How far the documents of a kind have come."""

    event_type: str
    reached: str
    """Newest civil day of the events."""
    documents: int


class DeskNow(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand."""

    waiting: dict[Severity, int]
    """Firing alerts without a decision, counted up to a thousand each."""
    suppressed: int
    on_trial: int
    worst: tuple[AlertRow, ...]
    newest: tuple[AlertRow, ...]
    feeds: tuple[Feed, ...]
    log_size: int
    refused_records: int
    newest_record_at: str | None
    views_refreshed_at: str | None


def desk_now(connection: sa.Connection, now: datetime) -> DeskNow:
    """How things stand at this moment."""
    undecided = AlertQuestion(case="undecided", limit=_SHOWN)
    replace = msgspec.structs.replace
    waiting = {
        severity: alerts_asked(connection, replace(undecided, severity=severity, limit=1), now).count
        for severity in reversed(SEVERITIES)
    }
    suppressed = alerts_asked(connection, AlertQuestion(suppressed="only", limit=1), now)
    on_trial = alerts_asked(connection, AlertQuestion(trial="only", limit=1), now)
    stored = connection.execute(_STORED).one()
    # A date beyond the wall clock is a mistake, and says nothing of how far its feed has come.
    today = now.date().isoformat() if connection.dialect.name == "sqlite" else now.date()
    feeds = connection.execute(_FEEDS, {"today": today})
    return DeskNow(
        waiting=waiting,
        suppressed=suppressed.count,
        on_trial=on_trial.count,
        worst=alerts_asked(connection, undecided, now).alerts,
        newest=alerts_asked(connection, replace(undecided, order="newest"), now).alerts,
        feeds=tuple(Feed(row.event_type, str(row.reached), row.documents) for row in feeds),
        log_size=stored.log_size,
        refused_records=stored.refused,
        newest_record_at=_text(stored.newest),
        views_refreshed_at=_text(stored.refreshed),
    )


def _text(moment: object) -> str | None:
    return None if moment is None else str(moment)
