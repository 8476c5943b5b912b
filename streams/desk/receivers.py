"""Addresses that are told of alerts, at once by a webhook or daily by e-mail: made, listed, removed."""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from detectors.findings import SEVERITIES, Severity
from streams.desk.errors import DeskError, NotThereError
from streams.desk.tables import log_head, outbox, webhooks

LONGEST_URL: Final = 2000
MAIL: Final = "mailto:"
DAILY_AT: Final = "08:00"
_LONGEST_MAIL: Final = 254
_MAIL_ADDRESS: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
_SECRET_BYTES: Final = 32
_HOUR: Final = 60


class NewReceiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is to be told of which alerts from now on."""

    url: Annotated[str, Meta(min_length=1, max_length=LONGEST_URL)]
    """`https://…` is posted to at once, `mailto:anna@example.org` gets a digest a day."""
    severity: Severity = "high"
    """Least severity that it is told of."""
    detector: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    province: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    daily_at: Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] | None = None
    """Time of the digest in the country's zone, 08:00 unless it is given."""


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is told of alerts."""

    receiver_id: str
    url: str
    severity: Severity
    detector: str | None
    province: str | None
    daily_at: str | None
    allow_private: bool
    made_at: datetime
    waiting: int
    delivered: int
    given_up: int
    said: str | None
    """Why the newest failure failed."""


class ReceiverMade(msgspec.Struct, frozen=True):
    """A new address."""

    receiver_id: str
    secret: str | None
    """Signs what a webhook is sent; shown this once. `null` for a digest."""


def add_receiver(
    engine: sa.Engine, wanted: NewReceiver, *, now: datetime, allow_private: bool = False
) -> ReceiverMade:
    """Tell an address of alerts from now on.

    Parameters
    ----------
    wanted
        Who, and of what.
    now
        The present.
    allow_private
        Whether the webhook may be one of the own network, by HTTP too.

    Raises
    ------
    DeskError
        If a value is not allowed.
    """
    by_mail = wanted.url.startswith(MAIL)
    if by_mail:
        check_mail(wanted.url.removeprefix(MAIL))
    else:
        check_url(wanted.url, allow_private=allow_private)
    if wanted.daily_at is not None and not by_mail:
        raise DeskError("daily_at is given for a webhook, which is told at once; allowed for mailto: …")
    secret = "whsec_" + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    row = {
        "webhook_id": secrets.token_hex(4), "url": wanted.url, "secret": "" if by_mail else secret,
        "detector": wanted.detector, "province": wanted.province,
        "least_rank": SEVERITIES.index(wanted.severity) + 1, "allow_private": allow_private,
        "made_at": now, "daily_at": _minutes(wanted.daily_at or DAILY_AT) if by_mail else None,
    }  # fmt: skip
    with engine.begin() as connection:
        row["next_leaf"] = connection.execute(sa.select(log_head.c.size)).scalar_one()
        connection.execute(sa.insert(webhooks).values(row))
    return ReceiverMade(str(row["webhook_id"]), None if by_mail else secret)


def check_mail(address: str) -> None:
    """Refuse what is no e-mail address.

    Raises
    ------
    DeskError
        If it is none.
    """
    if not _MAIL_ADDRESS.fullmatch(address) or len(address) > _LONGEST_MAIL:
        raise DeskError(f"the e-mail address is {address[:80]!r}; allowed: name@host, without a name")


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


def receivers_of(connection: sa.Connection) -> tuple[Receiver, ...]:
    """Every address with what became of what it was to be told; never its secret."""
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
    return tuple(map(_receiver, connection.execute(query)))


def _receiver(row: Any) -> Receiver:
    return Receiver(
        receiver_id=row.webhook_id, url=row.url, severity=SEVERITIES[row.least_rank - 1],
        detector=row.detector, province=row.province, allow_private=row.allow_private,
        daily_at=None if row.daily_at is None else _clock(row.daily_at), made_at=row.made_at,
        waiting=row.waiting or 0, delivered=row.delivered or 0, given_up=row.given_up or 0,
        said=row.said,
    )  # fmt: skip


def remove_receiver(engine: sa.Engine, receiver_id: str) -> None:
    """Tell an address no more; what waits for it is dropped.

    Raises
    ------
    NotThereError
        If there is none.
    """
    with engine.begin() as connection:
        gone = sa.delete(webhooks).where(webhooks.c.webhook_id == receiver_id)
        if not connection.execute(gone).rowcount:
            raise NotThereError(f"nobody with the id {receiver_id[:40]!r} is told of alerts")


def retry_given_up(engine: sa.Engine, receiver_id: str, now: datetime) -> int:
    """Try again what was given up; returns how many."""
    with engine.begin() as connection:
        changed = connection.execute(
            sa.update(outbox)
            .where(outbox.c.webhook_id == receiver_id, outbox.c.state == "given_up")
            .values(state="waiting", tries=0, due_at=now)
        )
        return changed.rowcount


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * _HOUR + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // _HOUR:02}:{minutes % _HOUR:02}"
