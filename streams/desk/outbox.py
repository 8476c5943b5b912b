"""What is to be told, in the database until it is delivered and a while after.

The log has an order, and every webhook a position in it: what it is told goes into the outbox in the
transaction that moves the position, so nothing is left out and nothing enters twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from detectors.alerts import Alert
from detectors.findings import SEVERITIES
from streams.desk.country import desk_country
from streams.desk.suppressions import is_suppressed
from streams.desk.tables import alerts, cases, log_head, outbox, received_records, webhooks
from streams.kafka.cloud_events import structured

BATCH: Final = 1000
KEPT: Final = timedelta(days=30)
"""How long what was delivered stays in the outbox, but for what says what an alert was told as last."""

MOST_TRIES: Final = 30
"""With the waits between them, about four days."""
_FIRST_WAIT: Final = timedelta(seconds=5)
_LONGEST_WAIT: Final = timedelta(hours=6)


def fill_outbox(engine: sa.Engine, now: datetime) -> int:
    """Put what every receiver is to be told into the outbox; returns how many entries came in."""
    with engine.connect() as connection:
        known = connection.execute(sa.select(webhooks.c.webhook_id)).scalars().all()
    return sum(_filled(engine, webhook_id, now) for webhook_id in known)


def _filled(engine: sa.Engine, webhook_id: str, now: datetime) -> int:
    entered = 0
    while True:
        with engine.begin() as connection:
            # Whoever writes to the row first goes on; another desk waits, and finds the position moved.
            own = webhooks.c.webhook_id == webhook_id
            connection.execute(sa.update(webhooks).where(own).values(next_leaf=webhooks.c.next_leaf))
            hook = connection.execute(sa.select(webhooks).where(own)).one_or_none()
            if hook is None:
                return entered
            size = connection.execute(sa.select(log_head.c.size)).scalar_one()
            after = min(size, hook.next_leaf + BATCH)
            if after <= hook.next_leaf:
                return entered
            for row in connection.execute(_changes(connection, hook.next_leaf, after, now)).all():
                entered += _enter(connection, hook, row, now)
            connection.execute(sa.update(webhooks).where(own).values(next_leaf=after))


def _changes(connection: sa.Connection, first: int, after: int, now: datetime) -> sa.Select[Any]:
    """Alert changes of a stretch of the log, as received, which nothing keeps quiet."""
    records = received_records
    snoozed = (cases.c.state == "snoozed") & (cases.c.snoozed_until > now)
    return (
        sa.select(records.c.leaf_index, records.c.value)
        .join_from(records, alerts, alerts.c.alert_id == records.c.belongs_to)
        .outerjoin(cases, cases.c.alert_id == alerts.c.alert_id)
        .where(
            records.c.kind == "alert",
            records.c.leaf_index >= first,
            records.c.leaf_index < after,
            alerts.c.shadow.is_(False),
            ~is_suppressed(connection, now),
            sa.not_(sa.func.coalesce(snoozed, sa.false())),
        )
        .order_by(records.c.leaf_index)
    )


def _enter(connection: sa.Connection, hook: Any, row: Any, now: datetime) -> int:
    """Put a change into the outbox if this webhook is told of it: 1, or 0."""
    alert = msgspec.json.decode(bytes(row.value), type=Alert)
    rank = SEVERITIES.index(alert.severity) + 1
    province = alert.subject if alert.subject_type == "province" else alert.labels.get("province")
    if (
        alert.shadow
        or hook.detector not in (None, alert.detector)
        or hook.province not in (None, province)
    ):
        return 0
    last = connection.execute(
        sa.select(outbox.c.alert_state, outbox.c.severity_rank, outbox.c.revision)
        .where(outbox.c.webhook_id == hook.webhook_id, outbox.c.alert_id == alert.alert_id)
        .order_by(outbox.c.leaf_index.desc())
        .limit(1)
    ).first()
    if not _worth_telling(alert, rank, hook.least_rank, last):
        return 0
    connection.execute(
        sa.insert(outbox).values(
            webhook_id=hook.webhook_id, leaf_index=row.leaf_index, alert_id=alert.alert_id,
            revision=alert.revision, alert_state=alert.state, severity_rank=rank, state="waiting",
            body=structured(alert), made_at=now, due_at=_due(hook.daily_at, now), tries=0,
        )
    )  # fmt: skip
    return 1


def _due(daily_at: int | None, now: datetime) -> datetime:
    """When to tell: at once, or at the next such minute of the country's day."""
    if daily_at is None:
        return now
    hour, minute = divmod(daily_at, 60)
    local = now.astimezone(desk_country().zone)
    today = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return today if today > local else today + timedelta(days=1)


def _worth_telling(alert: Alert, rank: int, least: int, last: Any) -> bool:
    """An alert is told when it fires, when it gets worse, and when it is resolved after that."""
    if last is not None and alert.revision <= last.revision:
        return False  # the topic delivered it again
    if alert.state == "resolved":
        return last is not None and bool(last.alert_state == "firing")
    if last is None or last.alert_state == "resolved":
        return rank >= least
    return bool(rank > max(last.severity_rank, least - 1))


def forget_delivered(engine: sa.Engine, now: datetime) -> None:
    """Drop old entries that were delivered, except the last one of each alert."""
    later = outbox.alias("later")
    superseded = sa.exists().where(
        later.c.webhook_id == outbox.c.webhook_id,
        later.c.alert_id == outbox.c.alert_id,
        later.c.leaf_index > outbox.c.leaf_index,
    )
    with engine.begin() as connection:
        connection.execute(
            sa.delete(outbox).where(
                outbox.c.state == "delivered", outbox.c.made_at < now - KEPT, superseded
            )
        )


def waiting_for(engine: sa.Engine, now: datetime, most: int) -> Iterable[Any]:
    """What is due to webhooks, the oldest first, with the address and secret it goes with."""
    query = (
        sa.select(outbox, webhooks.c.url, webhooks.c.secret, webhooks.c.allow_private)
        .join_from(outbox, webhooks, webhooks.c.webhook_id == outbox.c.webhook_id)
        .where(outbox.c.state == "waiting", outbox.c.due_at <= now, webhooks.c.daily_at.is_(None))
        .order_by(outbox.c.due_at, outbox.c.leaf_index)
        .limit(most)
    )
    with engine.connect() as connection:
        return connection.execute(query).all()


def mark(engine: sa.Engine, entry: Any, tried: int, **changes: Any) -> bool:
    """Change an entry that has been tried so often; false if another desk did so before."""
    with engine.begin() as connection:
        changed = connection.execute(
            sa.update(outbox)
            .where(
                outbox.c.webhook_id == entry.webhook_id,
                outbox.c.leaf_index == entry.leaf_index,
                outbox.c.tries == tried,
                outbox.c.state == "waiting",
            )
            .values(changes)
        )
        return bool(changed.rowcount)


def after_try(tries: int, said: str | None, now: datetime, *, gone: bool = False) -> dict[str, Any]:
    """What becomes of an entry that has been tried.

    Parameters
    ----------
    tries
        How often.
    said
        Why it was not taken; `None` if it was.
    now
        The present.
    gone
        Whether the receiver is gone for good.
    """
    if said is None:
        return {"state": "delivered", "said": None}
    if gone or tries >= MOST_TRIES:
        return {"state": "given_up", "said": said}
    return {"due_at": now + wait_after(tries), "said": said}


def wait_after(tries: int) -> timedelta:
    """How long to wait before the next try: twice as long each time, a little by chance."""
    longest: timedelta = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(tries - 1, 20))
    return longest * (1 - secrets.randbelow(250) / 1000)
