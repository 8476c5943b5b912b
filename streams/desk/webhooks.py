"""Addresses that are told of alerts: made, listed, removed; and their outbox in the database.

The log has an order, and every webhook a position in it: what it is told goes into the outbox in the
transaction that moves the position, so nothing is left out and nothing enters twice.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa

from detectors.alerts import Alert
from detectors.findings import SEVERITIES
from streams.desk.errors import DeskError, NotThereError
from streams.desk.suppressions import is_suppressed
from streams.desk.tables import alerts, cases, log_head, outbox, received_records, webhooks

BATCH: Final = 1000
KEPT: Final = timedelta(days=30)
"""How long what was delivered stays in the outbox, but for what says what an alert was told as last."""
LONGEST_URL: Final = 2000
_SECRET_BYTES: Final = 32


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is told of alerts."""

    webhook_id: str
    url: str
    severity: str
    """Least severity that it is told of."""
    detector: str | None
    province: str | None
    allow_private: bool
    made_at: datetime
    waiting: int
    delivered: int
    given_up: int
    said: str | None
    """Why the newest failure failed."""


def add_webhook(
    engine: sa.Engine,
    url: str,
    *,
    severity: str,
    detector: str | None,
    province: str | None,
    allow_private: bool,
    now: datetime,
) -> tuple[str, str]:
    """Tell an address of alerts from now on; returns its id, and the secret that signs.

    Raises
    ------
    DeskError
        If a value is not allowed.
    """
    check_url(url, allow_private=allow_private)
    if severity not in SEVERITIES:
        raise DeskError(f"the severity is {severity!r}; allowed: {', '.join(SEVERITIES)}")
    row = {
        "webhook_id": secrets.token_hex(4), "url": url, "detector": detector, "province": province,
        "secret": "whsec_" + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode(),
        "least_rank": SEVERITIES.index(severity) + 1, "allow_private": allow_private, "made_at": now,
    }  # fmt: skip
    with engine.begin() as connection:
        row["next_leaf"] = connection.execute(sa.select(log_head.c.size)).scalar_one()
        connection.execute(sa.insert(webhooks).values(row))
    return str(row["webhook_id"]), str(row["secret"])


def check_url(url: str, *, allow_private: bool) -> None:
    """Refuse what is no address to post to.

    Raises
    ------
    DeskError
        If it is none.
    """
    try:
        parts = urlsplit(url)
        known = parts.hostname and parts.port != 0 and len(url) <= LONGEST_URL and url.isascii()
    except ValueError:
        parts, known = urlsplit(""), None
    allowed = ("https", "http") if allow_private else ("https",)
    if not known or parts.scheme not in allowed or parts.username is not None or parts.fragment:
        raise DeskError(
            f"the address is {url[:80]!r}; allowed: {' or '.join(allowed)}://host/path without a user"
            + ("" if allow_private else "; http with --allow-private only")
        )


def webhooks_of(engine: sa.Engine) -> list[Webhook]:
    """Every webhook with what became of what it was to be told; never its secret."""
    counted = (
        sa.select(
            outbox.c.webhook_id,
            *(
                sa.func.count().filter(outbox.c.state == state).label(state)
                for state in ("waiting", "delivered", "given_up")
            ),
        )
        .group_by(outbox.c.webhook_id)
        .subquery()
    )
    said = (
        sa.select(outbox.c.said)
        .where(outbox.c.webhook_id == webhooks.c.webhook_id, outbox.c.said.is_not(None))
        .order_by(outbox.c.leaf_index.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        sa.select(webhooks, counted, said.label("said"))
        .join_from(webhooks, counted, counted.c.webhook_id == webhooks.c.webhook_id, isouter=True)
        .order_by(webhooks.c.made_at, webhooks.c.webhook_id)
    )
    with engine.connect() as connection:
        return [
            Webhook(
                webhook_id=row.webhook_id, url=row.url, severity=SEVERITIES[row.least_rank - 1],
                detector=row.detector, province=row.province, allow_private=row.allow_private,
                made_at=row.made_at, waiting=row.waiting or 0, delivered=row.delivered or 0,
                given_up=row.given_up or 0, said=row.said,
            )
            for row in connection.execute(query)
        ]  # fmt: skip


def remove_webhook(engine: sa.Engine, webhook_id: str) -> None:
    """Tell an address no more; what waits for it is dropped.

    Raises
    ------
    NotThereError
        If there is none.
    """
    with engine.begin() as connection:
        gone = sa.delete(webhooks).where(webhooks.c.webhook_id == webhook_id)
        if not connection.execute(gone).rowcount:
            raise NotThereError(f"there is no webhook {webhook_id[:40]!r}")


def retry_given_up(engine: sa.Engine, webhook_id: str, now: datetime) -> int:
    """Try again what was given up; returns how many."""
    with engine.begin() as connection:
        changed = connection.execute(
            sa.update(outbox)
            .where(outbox.c.webhook_id == webhook_id, outbox.c.state == "given_up")
            .values(state="waiting", tries=0, due_at=now)
        )
        return changed.rowcount


def fill_outbox(engine: sa.Engine, now: datetime) -> int:
    """Put what webhooks are to be told into the outbox; returns how many entries came in."""
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
            body=cloud_event(alert, now), made_at=now, due_at=now, tries=0,
        )
    )  # fmt: skip
    return 1


def _worth_telling(alert: Alert, rank: int, least: int, last: Any) -> bool:
    """An alert is told when it fires, when it gets worse, and when it is resolved after that."""
    if last is not None and alert.revision <= last.revision:
        return False  # the topic delivered it again
    if alert.state == "resolved":
        return last is not None and bool(last.alert_state == "firing")
    if last is None or last.alert_state == "resolved":
        return rank >= least
    return bool(rank > max(last.severity_rank, least - 1))


def cloud_event(alert: Alert, now: datetime) -> bytes:
    """An alert change as a CloudEvent 1.0 in structured mode."""
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": f"{alert.alert_id}.{alert.revision}",
            "source": "/zeromile/alerts",
            "type": f"zeromile.alert.{alert.state}.v1",
            "subject": alert.alert_id,
            "time": now.isoformat(),
            "datacontenttype": "application/json",
            "data": alert,
        }
    )


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
    """What is due, the oldest first, with the address and secret it goes with."""
    query = (
        sa.select(outbox, webhooks.c.url, webhooks.c.secret, webhooks.c.allow_private)
        .join_from(outbox, webhooks, webhooks.c.webhook_id == outbox.c.webhook_id)
        .where(outbox.c.state == "waiting", outbox.c.due_at <= now)
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
