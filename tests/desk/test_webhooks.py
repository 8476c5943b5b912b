"""Webhooks: who is told of what, signed, once; receivers that are down, slow or private."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from streams.desk import delivering
from streams.desk.cases import Seen, act_on_case
from streams.desk.delivering import check_public, deliver_due
from streams.desk.errors import DeskError
from streams.desk.life_cycle import Snooze
from streams.desk.outbox import MOST_TRIES, fill_outbox, wait_after
from streams.desk.receivers import (
    NewReceiver,
    add_receiver,
    receivers_of,
    remove_receiver,
    retry_given_up,
)
from streams.desk.suppressions import NewSuppression, add_suppression
from streams.store.writing import write
from tests.store.changes import change, records

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LATER = timedelta(days=1)


class Receiver:
    """Keeps what it is sent, and answers as it is told."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.got: list[tuple[dict[str, str], bytes]] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        status = self.answers.pop(0) if self.answers else 204
        if status == 0:
            await asyncio.sleep(60)
        headers = {"Location": "/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, headers=headers)

    @property
    def told(self) -> list[tuple[str, str]]:
        events = [json.loads(body) for _, body in self.got]
        return [(event["type"], event["id"]) for event in events]


@pytest.fixture
async def receiver():
    made = Receiver()
    app = web.Application()
    app.router.add_post("/{where}", made.handle)
    async with TestServer(app) as server:
        made.url = str(server.make_url("/alerts"))
        yield made


def hook(engine, receiver, **options):
    wanted = NewReceiver(url=receiver.url, **({"severity": "low"} | options))
    made = add_receiver(engine, wanted, allow_private=True, now=NOW)
    return made.receiver_id, made.secret


def told_of(engine):
    with engine.connect() as connection:
        return receivers_of(connection)


async def send(engine, now=NOW):
    fill_outbox(engine, now)
    return await deliver_due(engine, now)


async def test_what_is_told_is_signed_and_a_cloud_event(store, receiver):
    write(store, records(change("before")))
    identity, secret = hook(store, receiver)
    write(store, records(change("a1", subject="V1")))
    assert await send(store) == 1
    ((headers, body),) = receiver.got
    event = json.loads(body)
    assert headers["Content-Type"] == "application/cloudevents+json"
    assert {name: event[name] for name in ("specversion", "id", "source", "type", "subject")} == {
        "specversion": "1.0", "id": "a1.0", "source": "/zeromile/alerts",
        "type": "zeromile.alert.firing.v1", "subject": "a1",
    }  # fmt: skip
    assert event["data"]["subject"] == "V1"
    assert headers["webhook-id"] == headers["Idempotency-Key"] == f"{identity}.a1.0"
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert await send(store) == 0, "once is enough"


async def test_told_when_it_fires_gets_worse_and_is_resolved(store, receiver):
    hook(store, receiver, severity="medium")
    steps = [
        change("a", 0, severity="low"), change("a", 1, severity="medium"),
        change("a", 2, severity="medium"), change("a", 3, severity="critical"),
        change("a", 4, severity="high"),
        change("a", 5, state="resolved"), change("a", 6, state="resolved", cause="amended"),
        change("a", 7, severity="high"), change("b", 0, state="resolved"), change("c", shadow=True),
    ]  # fmt: skip
    for offset, step in enumerate(steps):
        write(store, [records(step)[0]._replace(offset=offset)])
    write(store, [records(steps[1])[0]._replace(offset=99)])
    while await send(store):
        pass
    assert sorted(receiver.told, key=lambda pair: pair[1]) == [
        ("zeromile.alert.firing.v1", "a.1"), ("zeromile.alert.firing.v1", "a.3"),
        ("zeromile.alert.resolved.v1", "a.5"), ("zeromile.alert.firing.v1", "a.7"),
    ]  # fmt: skip


async def test_nobody_is_told_of_what_is_kept_quiet(store, receiver):
    hook(store, receiver)
    hook(store, receiver, detector="cloned_vin")
    hook(store, receiver, province="CN-SH")
    quiet = NewSuppression(kind="snooze", reason="x", until=NOW + LATER, vin="V1")
    add_suppression(store, quiet, author="anna", now=NOW)
    write(store, records(change("quiet", subject="V1"), change("asleep"), change("told")))
    snooze = Snooze(NOW + LATER, "x")
    act_on_case(store, "asleep", snooze, actor="anna", seen=Seen(0, 0), now=NOW)
    await send(store)
    assert receiver.told == [("zeromile.alert.firing.v1", "told.0")]


@pytest.mark.parametrize("answers", [[500, 500], [302], [404, 429, 503]])
async def test_what_is_not_taken_is_tried_again_and_nothing_is_lost(store, receiver, answers):
    hook(store, receiver)
    write(store, records(change("a1")))
    receiver.answers = list(answers)
    now = datetime.now(UTC)
    fill_outbox(store, now)
    for tries, status in enumerate(answers, 1):
        assert await deliver_due(store, now) == 0
        (known,) = told_of(store)
        assert (known.waiting, known.said) == (1, f"the receiver answered {status}")
        assert await deliver_due(store, now) == 0, "not before its time"
        assert len(receiver.got) == tries
        now += LATER
    assert await deliver_due(store, now) == 1
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len({body for _, body in receiver.got}) == 1
    (known,) = told_of(store)
    assert (known.waiting, known.delivered, known.said) == (0, 1, None)


async def test_a_slow_receiver_is_not_waited_for(engine, receiver, monkeypatch):
    monkeypatch.setattr(delivering, "SECONDS", 0.2)
    hook(engine, receiver)
    write(engine, records(change("a9")))
    receiver.answers = [0]
    await send(engine)
    assert told_of(engine)[0].said == "no answer within 0.2 s"


async def test_a_receiver_that_is_down_or_gone(engine, receiver):
    identity, _ = hook(engine, receiver)
    nowhere = NewReceiver(url="http://127.0.0.1:1/", severity="low")
    add_receiver(engine, nowhere, allow_private=True, now=NOW)
    write(engine, records(change("a9")))
    receiver.answers = [410]
    await send(engine)
    gone, down = sorted(told_of(engine), key=lambda one: one.url == "http://127.0.0.1:1/")
    assert (gone.given_up, gone.waiting) == (1, 0)
    assert (down.given_up, down.waiting) == (0, 1)
    assert "Connect" in down.said
    assert retry_given_up(engine, identity, NOW) == 1
    assert await deliver_due(engine, NOW) == 1
    remove_receiver(engine, identity)
    assert [one.url for one in told_of(engine)] == ["http://127.0.0.1:1/"]


async def test_two_desks_do_not_send_the_same(engine, receiver):
    hook(engine, receiver)
    write(engine, records(change("a9")))
    assert fill_outbox(engine, NOW) + fill_outbox(engine, NOW) == 1
    done = await asyncio.gather(deliver_due(engine, NOW), deliver_due(engine, NOW))
    assert sorted(done) == [0, 1]
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/", "https://10.1.2.3/", "https://[::1]/", "https://169.254.169.254/",
        "https://2130706433/", "https://localhost/", "https://[::ffff:10.0.0.1]/", "https://0.0.0.0/",
    ],
)  # fmt: skip
async def test_private_addresses_are_not_asked(engine, address):
    add_receiver(engine, NewReceiver(url=address, severity="low"), now=NOW)
    write(engine, records(change("a9")))
    await send(engine)
    said = told_of(engine)[0].said
    assert "allowed with --allow-private only" in said or "not a canonical IPv4 address" in said


@pytest.mark.parametrize("address", ["100.64.0.1", "fd00::1", "fe80::1%eth0", "224.0.0.1", "::"])
def test_other_addresses_that_are_not_public(address):
    with pytest.raises(OSError, match="private"):
        check_public(address)
    check_public("8.8.8.8")
    check_public("2606:4700::1111")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://example.org/", "http with --allow-private only"),
        ("ftp://example.org/", "allowed: https://host"),
        ("https://user:pw@example.org/", "without a user"),
        ("https://example.org:99999/", "allowed: https"),
        ("https:///x", "allowed: https"),
        ("mailto:anna", "allowed: name@host"),
        ("mailto:anna@example.org,bo@example.org", "allowed: name@host"),
        ("mailto:anna@example.org?bcc=bo@example.org", "allowed: name@host"),
        ("mailto:anna@example.org\nBcc: bo@example.org", "allowed: name@host"),
    ],
)
def test_what_is_no_address_is_refused(engine, address, said):
    with pytest.raises(DeskError, match=said):
        add_receiver(engine, NewReceiver(url=address), now=NOW)


def test_waits_grow_and_end():
    waits = [wait_after(tries).total_seconds() for tries in range(1, MOST_TRIES + 1)]
    assert 3.75 <= waits[0] <= 5
    assert all(5 * 0.75 * 2**n <= wait <= 5 * 2**n for n, wait in enumerate(waits[:10]))
    assert max(waits) <= 6 * 3600
    assert sum(waits) > 3 * 86_400, "a receiver may be away for a weekend"
