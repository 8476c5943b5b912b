"""Digests: what is new since the last one, once a day by e-mail.

A digest is what waits in the outbox for its address, as it stands when it is sent: what was snoozed,
explained or resolved meanwhile is left out, and so nobody is told in the morning of what is over.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import sqlalchemy as sa
import structlog

from detectors.findings import SEVERITIES
from streams.desk.asking import AlertRow, alerts_where, count_asked, counted_by_severity, not_quiet
from streams.desk.mail import MailError, Message
from streams.desk.outbox import after_try
from streams.desk.questions import MOST_COUNTED, AlertQuestion
from streams.desk.receivers import MAIL
from streams.desk.rendering import environment
from streams.desk.tables import alerts, outbox, webhooks

log = structlog.get_logger("zeromile.desk")

MOST_SHOWN: Final = 50
LEASE: Final = timedelta(minutes=5)
"""How long nobody else sends what one desk is sending."""
_NO_SERVER: Final = "no mail server is set: ZEROMILE_DESK_SMTP_HOST and ZEROMILE_DESK_MAIL_FROM"

Send = Callable[[Message], None]


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What a digest tells."""

    firing: dict[str, int]
    """New or worse alerts that fire and that nothing keeps quiet, by severity, the worst first."""
    resolved: int
    shown: tuple[AlertRow, ...]
    """The worst of them."""
    waiting: int
    """All alerts without a decision, counted up to a thousand."""

    @property
    def alerts(self) -> int:
        """How many fire."""
        return sum(self.firing.values())


def send_digests(engine: sa.Engine, send: Send | None, address: str | None, now: datetime) -> int:
    """Send the digests that are due; returns how many were taken.

    Parameters
    ----------
    engine
        The store.
    send
        Hands a message to the mail server; `None` where there is none.
    address
        Address of the desk as people reach it, for links.
    now
        The present.
    """
    with engine.connect() as connection:
        due = connection.execute(
            sa.select(webhooks)
            .where(
                webhooks.c.webhook_id.in_(
                    sa.select(outbox.c.webhook_id).where(
                        outbox.c.state == "waiting", outbox.c.due_at <= now
                    )
                ),
                webhooks.c.daily_at.is_not(None),
            )
            .order_by(webhooks.c.webhook_id)
        ).all()
    return sum(_sent(engine, send, address, receiver, now) for receiver in due)


def _sent(
    engine: sa.Engine, send: Send | None, address: str | None, receiver: Any, now: datetime
) -> bool:
    tries, leaf = _lease(engine, receiver.webhook_id, now)
    if not tries:
        return False  # another desk was faster
    with engine.connect() as connection:
        digest = _digest(connection, receiver.webhook_id, now)
    said = None
    if digest.alerts or digest.resolved:
        message = _message(receiver, digest, address, f"{receiver.webhook_id}.{leaf}", now)
        said = _handed_over(send, message)
    with engine.begin() as connection:
        leased = sa.update(outbox).where(*_leased(receiver.webhook_id, now))
        connection.execute(leased.values(after_try(tries, said, now)))
    if said is not None:
        log.warning("a digest was not taken", receiver=receiver.webhook_id, tries=tries)
    return said is None


def _lease(engine: sa.Engine, receiver_id: str, now: datetime) -> tuple[int, int]:
    """Take all that is due: how often it has been tried now, 0 if nothing is, and the last leaf."""
    own = (outbox.c.webhook_id == receiver_id) & (outbox.c.state == "waiting")
    with engine.begin() as connection:
        taken = connection.execute(
            sa.update(outbox)
            .where(own, outbox.c.due_at <= now)
            .values(tries=outbox.c.tries + 1, due_at=now + LEASE)
        ).rowcount
        if not taken:
            return 0, 0
        most = sa.select(sa.func.max(outbox.c.tries), sa.func.max(outbox.c.leaf_index))
        tries, leaf = connection.execute(most.where(*_leased(receiver_id, now))).one()
        return tries, leaf


def _leased(receiver_id: str, now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        outbox.c.webhook_id == receiver_id,
        outbox.c.state == "waiting",
        outbox.c.due_at == now + LEASE,
    )


def _digest(connection: sa.Connection, receiver_id: str, now: datetime) -> Digest:
    named = alerts.c.alert_id.in_(sa.select(outbox.c.alert_id).where(*_leased(receiver_id, now)))
    heard = not_quiet(connection, now)
    firing = (named, heard, alerts.c.state == "firing", alerts.c.shadow.is_(False))
    gone = (named, alerts.c.state == "resolved", alerts.c.shadow.is_(False))
    counted = counted_by_severity(connection, *firing)
    return Digest(
        firing={name: counted[name] for name in reversed(SEVERITIES) if name in counted},
        resolved=sum(counted_by_severity(connection, *gone).values()),
        shown=alerts_where(connection, now, *firing, limit=MOST_SHOWN),
        waiting=count_asked(connection, AlertQuestion(case="undecided"), now),
    )


def _message(
    receiver: Any, digest: Digest, address: str | None, identity: str, now: datetime
) -> Message:
    told = ", ".join(f"{count:,} {severity}" for severity, count in digest.firing.items())
    return Message(
        to=receiver.url.removeprefix(MAIL),
        subject=f"zeromile: {told}" if told else f"zeromile: {digest.resolved:,} resolved",
        text=environment()
        .get_template("digest.txt.j2")
        .render(digest=digest, address=(address or "").rstrip("/"), most_counted=MOST_COUNTED),
        identity=identity,
        at=now,
    )


def _handed_over(send: Send | None, message: Message) -> str | None:
    """Why the mail server did not take it; `None` if it did."""
    if send is None:
        return _NO_SERVER
    try:
        send(message)
    except MailError as error:
        return str(error)
    return None
