"""A desk over a store with alerts, and people who use it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from streams.desk.server import application
from streams.desk.tokens import make_token
from streams.store.writing import write
from tests.store.changes import change, document, export, record, registration

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


def fill(engine: sa.Engine) -> None:
    """Alerts on two vehicles and a province, one of them on trial, with documents that hold markup."""
    detected = "2026-01-02T03:04:05+00:00"
    changes = [
        change("a1", subject="V1", severity="critical", score=0.9, detected_at=detected),
        change("a2", subject="V1", detector="flash_registration", score=0.5, shadow=True),
        change("a3", subject="V2", severity="low", score=0.1, title=HOSTILE, explanation=HOSTILE,
               facts={HOSTILE: HOSTILE}, labels={"province": "CN-SH", "brand": HOSTILE}),
        change("a4", subject="CN-GD", subject_type="province", detector="province_export_spike"),
    ]  # fmt: skip
    documents = [
        registration("V1", "2025-06-17"),
        export("V1", "2025-06-20"),
        registration("V2", "2025-06-01", owner_id="o<b>2", source=HOSTILE, brand=HOSTILE),
    ]
    write(engine, [record(value, offset) for offset, value in enumerate(changes)])
    write(engine, [document(value, offset) for offset, value in enumerate(documents)])


def token(engine: sa.Engine, role: str = "decide", name: str | None = None) -> str:
    return make_token(engine, name=name or role, role=role, days=1, now=datetime.now(UTC))


def expired(engine: sa.Engine) -> str:
    then = datetime.now(UTC) - timedelta(days=2)
    return make_token(engine, name="late", role="admin", days=1, now=then)


def served(engine: sa.Engine, **options: Any) -> TestClient:
    """A client of a desk; cookies are kept, redirections are not followed."""
    return TestClient(TestServer(application(engine, **options)), cookie_jar=CookieJar(unsafe=True))


async def signed_in(client: TestClient, secret: str) -> str:
    """Sign in with a token; returns the key of the session's forms."""
    answer = await client.post("/sign-in", data={"token": secret}, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    page = await (await client.get("/provenance")).text()
    (key,) = set(re.findall(r'name="form_key" value="([^"]+)"', page))
    return key
