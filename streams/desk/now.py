"""How things stand: what waits for a decision, what is newest, and how far the feeds are."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
import sqlalchemy as sa

from detectors.findings import SEVERITIES, Severity
from streams.desk.asking import AlertRow, count_asked, first_alerts
from streams.desk.installation import InstallationNow
from streams.desk.questions import AlertQuestion
from streams.desk.tables import in_utc

_SHOWN: Final = 8
_NEWEST = sa.text(
    "SELECT occurred_on FROM documents WHERE event_type = :event_type AND status = 'valid' "
    "AND occurred_on <= :today ORDER BY occurred_on DESC LIMIT 1"
)
_STORED = sa.text(
    "SELECT size AS log_size, (SELECT COUNT(*) FROM refused_records) AS refused, "
    "(SELECT received_at FROM received_records WHERE leaf_index = size - 1) AS newest, "
    "(SELECT refreshed_at FROM view_refreshes) AS refreshed FROM log_head"
)
_SIZE = sa.text("SELECT size FROM log_head")
_SECONDS: Final = 5.0


_KINDS: Final = ("customs_export", "deregistration", "registration")


class Feed(msgspec.Struct, frozen=True):
    """How far the documents of a kind have come."""

    event_type: str
    reached: str
    """Newest civil day of the events."""


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
    newest_record_at: datetime | None
    views_refreshed_at: datetime | None
    installation: InstallationNow | None
    """Workers, lag and dead letters; `null` where the desk was named no broker."""


def stands_for(connection: sa.Connection, now: datetime) -> tuple[int, float]:
    """What must stay the same for things to stand as they did: the log, and by the clock a few seconds.

    Whatever is stored or decided is in the log; what ends by itself is seen a little later.
    """
    return connection.execute(_SIZE).scalar_one(), now.timestamp() // _SECONDS


def desk_now(connection: sa.Connection, now: datetime) -> DeskNow:
    """How things stand in the store at this moment; of the broker it says nothing."""
    undecided = AlertQuestion(case="undecided", limit=_SHOWN)
    replace = msgspec.structs.replace
    waiting = {
        severity: count_asked(connection, replace(undecided, severity=severity), now)
        for severity in reversed(SEVERITIES)
    }
    stored = connection.execute(_STORED).one()
    # A date beyond the wall clock is a mistake, and says nothing of how far its feed has come.
    today = now.date().isoformat() if connection.dialect.name == "sqlite" else now.date()
    reached = {
        kind: connection.execute(_NEWEST, {"event_type": kind, "today": today}).scalar()
        for kind in _KINDS
    }
    return DeskNow(
        waiting=waiting,
        suppressed=count_asked(connection, AlertQuestion(suppressed="only"), now),
        on_trial=count_asked(connection, AlertQuestion(trial="only"), now),
        worst=first_alerts(connection, undecided, now),
        newest=first_alerts(connection, replace(undecided, order="newest"), now),
        feeds=tuple(Feed(kind, str(day)) for kind, day in reached.items() if day is not None),
        log_size=stored.log_size,
        refused_records=stored.refused,
        newest_record_at=_moment(stored.newest),
        views_refreshed_at=_moment(stored.refreshed),
        installation=None,
    )


def _moment(value: object) -> datetime | None:
    return None if value is None else in_utc(value)
