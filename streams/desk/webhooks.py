"""Addresses that are told of alerts: made, listed and removed."""

from __future__ import annotations

import secrets
from base64 import b64encode
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa

from detectors.findings import SEVERITIES
from streams.desk.errors import DeskError, NotThereError
from streams.desk.tables import log_head, outbox, webhooks

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
