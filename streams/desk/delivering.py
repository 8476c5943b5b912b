"""Webhooks over HTTP: signed, guarded, and tried again until they are taken or given up.

Signed as the Standard Webhooks specification says. Nothing is lost while a receiver is away; what was
taken, and whose answer got lost, is sent again under the same `webhook-id`.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import ipaddress
import socket
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import sqlalchemy as sa
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from detectors.errors import ZeromileError
from streams import __version__
from streams.desk.outbox import after_try, mark, waiting_for

log = structlog.get_logger("zeromile.desk")

SECONDS: Final = 10.0
"""Patience with a receiver."""
MOST_AT_ONCE: Final = 50
_LEASE: Final = timedelta(seconds=60)
"""How long nobody else sends what one desk is sending."""
_GONE: Final = 410
_LONGEST_SAID: Final = 300


class PrivateAddressError(ZeromileError, OSError):
    """A name that leads to an address of ours."""


class GuardedResolver(AbstractResolver):
    """Looks names up and lets no private address through; what was looked up is connected to."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of a host."""
        found = await self._resolver.resolve(host, port, family)
        for one in found:
            check_public(one["host"])
        return found

    async def close(self) -> None:
        """Nothing is open."""
        await self._resolver.close()


def check_public(address: str) -> None:
    """Refuse an address that is not of the public internet.

    Raises
    ------
    PrivateAddressError
        If it is private, loopback, link-local, shared, reserved or multicast.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None) or ip
    if not (ip.is_global and inner.is_global) or ip.is_multicast or inner.is_multicast:
        said = "the address is private; allowed with --allow-private only"
        raise PrivateAddressError(errno.EACCES, said)


def signature_of(secret: str, identity: str, timestamp: str, body: bytes) -> str:
    """Signature of a message as Standard Webhooks wants it."""
    key = b64decode(secret.removeprefix("whsec_"))
    signed = f"{identity}.{timestamp}.".encode() + body
    return "v1," + b64encode(hmac.digest(key, signed, sha256)).decode()


async def deliver_due(engine: sa.Engine, now: datetime) -> int:
    """Send what is due; returns how many were taken."""
    due = await asyncio.to_thread(waiting_for, engine, now, MOST_AT_ONCE)
    entries = list(due)
    if not entries:
        return 0
    open_to_all, guarded = (
        aiohttp.TCPConnector(force_close=True),
        aiohttp.TCPConnector(force_close=True, resolver=GuardedResolver(), use_dns_cache=False),
    )
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with (
        aiohttp.ClientSession(connector=open_to_all, timeout=timeout) as anywhere,
        aiohttp.ClientSession(connector=guarded, timeout=timeout) as public,
    ):
        done = await asyncio.gather(
            *(_deliver(engine, anywhere if one.allow_private else public, one, now) for one in entries)
        )
    return sum(done)


async def _deliver(
    engine: sa.Engine, session: aiohttp.ClientSession, entry: Any, now: datetime
) -> bool:
    tries = entry.tries + 1
    lease = {"tries": tries, "due_at": now + _LEASE}
    if not await asyncio.to_thread(mark, engine, entry, entry.tries, **lease):
        return False
    said, gone = await _post(session, entry, now)
    changes = after_try(tries, said, now, gone=gone)
    await asyncio.to_thread(mark, engine, entry, tries, **changes)
    if said is not None:
        log.warning("a webhook was not taken", webhook=entry.webhook_id, tries=tries)
    return said is None


async def _post(session: aiohttp.ClientSession, entry: Any, now: datetime) -> tuple[str | None, bool]:
    """Send once: why it was not taken, `None` if it was; and whether the receiver is gone for good."""
    identity = f"{entry.webhook_id}.{entry.alert_id}.{entry.revision}"
    timestamp = str(int(now.timestamp()))
    body = bytes(entry.body)
    headers = {
        "Content-Type": "application/cloudevents+json",
        "User-Agent": f"zeromile/{__version__}",
        "webhook-id": identity,
        "Idempotency-Key": identity,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature_of(entry.secret, identity, timestamp, body),
    }
    try:
        if not entry.allow_private:
            _check_literal(entry.url)
        async with session.post(entry.url, data=body, headers=headers, allow_redirects=False) as answer:
            if 200 <= answer.status < 300:  # noqa: PLR2004 - what HTTP calls success
                return None, False
            return f"the receiver answered {answer.status}", answer.status == _GONE
    except TimeoutError:
        return f"no answer within {SECONDS:g} s", False
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"[:_LONGEST_SAID], False


def _check_literal(url: str) -> None:
    """A number in the place of a name is not looked up, and is checked here."""
    host = urlsplit(url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return
    check_public(host)
