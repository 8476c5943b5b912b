"""The desk while its database is away, and after it was brought back from a backup."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from streams.desk.cases import Seen, act_on_case, case_of_alert, events_of, keep_up
from streams.desk.life_cycle import Close, Note, Snooze
from streams.desk.openapi import PREFIX
from streams.desk.suppressions import NewSuppression, add_suppression, all_suppressions
from streams.desk.tokens import person_of_token
from streams.store.checkpoints import state_of_log
from streams.store.database import migrate, open_database
from streams.store.writing import write
from tests.desk.served import fill, served, token
from tests.store.changes import change, records
from tests.store.postgres_cluster import SUPERUSER, program

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
ALERTS = ("a1", "a3", "a4")


async def test_the_database_goes_away_under_load_and_comes_back(postgres):
    engine = open_database(postgres.url(postgres.new_database()))
    migrate(engine)
    fill(engine)
    headers = {"Authorization": f"Bearer {token(engine)}"}
    taken: Counter[str] = Counter()
    answers: Counter[int] = Counter()
    stop = asyncio.Event()

    async with served(engine) as client:

        async def ask(method, path, **options):
            options["headers"] = headers | options.get("headers", {})
            async with client.request(method, f"{PREFIX}{path}", **options) as answer:
                answers[answer.status] += 1
                return answer.status, answer.headers.get("ETag"), await answer.text()

        async def decide(alert_id):
            number = 0
            while not stop.is_set():
                status, seen, text = await ask("GET", f"/alerts/{alert_id}")
                if status == 200:
                    number += 1
                    note = {"action": "note", "note": f"{alert_id} {number}"}
                    where = f"/alerts/{alert_id}/case"
                    status, _, text = await ask("POST", where, json=note, headers={"If-Match": seen})
                    taken[note["note"]] += status == 200
                assert status in (200, 412, 503), text
                await asyncio.sleep(0.1)

        async def until(condition):
            async with asyncio.timeout(120):
                while not condition():  # noqa: ASYNC110 - it looks at counts
                    await asyncio.sleep(0.1)

        people = [asyncio.create_task(decide(alert_id)) for alert_id in ALERTS]
        try:
            await until(lambda: taken.total() >= 6)
            postgres.kill()
            await until(lambda: answers[503] >= 3)
            before = taken.total()
        finally:
            await asyncio.to_thread(postgres.start)
        await until(lambda: taken.total() >= before + 6)
        stop.set()
        await asyncio.gather(*people)

    with engine.connect() as connection:
        kept = Counter(event.details["note"] for one in ALERTS for event in events_of(connection, one))
    assert set(+taken) <= set(kept), "what was acknowledged is there"
    assert max(kept.values()) == 1
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def backed_up(request, tmp_path):
    """A store, and a way to bring it back from a backup."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'store.sqlite'}"

        def restore():
            with (
                closing(sqlite3.connect(tmp_path / "store.sqlite")) as live,
                closing(sqlite3.connect(tmp_path / "again.sqlite")) as copy,
            ):
                live.backup(copy)
            return open_database(f"sqlite:///{tmp_path / 'again.sqlite'}")

    else:
        cluster = request.getfixturevalue("postgres")
        name, again = cluster.new_database(), cluster.new_database()
        address = cluster.url(name)

        def restore():
            environment = os.environ | {"PGPASSWORD": SUPERUSER}
            where = ["-h", "127.0.0.1", "-p", str(cluster.port), "-U", "postgres"]
            dump = subprocess.run(
                [program("pg_dump"), *where, name],
                env=environment, capture_output=True, check=True, timeout=120,
            ).stdout  # fmt: skip
            subprocess.run(
                [program("psql"), *where, "-q", "-v", "ON_ERROR_STOP=1", again],
                env=environment, input=dump, capture_output=True, check=True, timeout=120,
            )  # fmt: skip
            return open_database(cluster.url(again))

    engine = open_database(address)
    migrate(engine)
    yield engine, restore
    engine.dispose()


def test_a_backup_brings_back_cases_exceptions_tokens_and_the_log(backed_up):
    engine, restore = backed_up
    fill(engine)
    secret = token(engine)
    later = NOON + timedelta(days=30)
    act_on_case(engine, "a1", Close("confirmed"), actor="anna", seen=Seen(0, 0), now=NOON)
    act_on_case(engine, "a3", Snooze(later, "x"), actor="anna", seen=Seen(0, 0), now=NOON)
    quiet = NewSuppression(kind="exception", reason="x", until=later, party_id="e1")
    add_suppression(engine, quiet, author="anna", now=NOON)
    again = restore()
    migrate(again)
    assert _told(again) == _told(engine)
    assert person_of_token(again, secret, datetime.now(UTC)).name == "decide"
    assert keep_up(again, NOON) == 0, "nothing moves by being brought back"
    write(again, records(change("a1", 1, subject="V1")))
    assert keep_up(again, NOON) == 1
    act_on_case(again, "a1", Note("goes on"), actor="bo", seen=Seen(2, 1), now=NOON)
    assert keep_up(again, later) == 1, "the snooze ends at its minute"
    with again.connect() as connection, pytest.raises(sa.exc.DBAPIError, match="append-only"):
        connection.execute(sa.text("DELETE FROM case_events"))
    again.dispose()


def _told(engine):
    with engine.connect() as connection:
        cases = [case_of_alert(connection, one) for one in ALERTS]
        events = [events_of(connection, one) for one in ALERTS]
        log = state_of_log(connection, NOON)
        return cases, events, all_suppressions(connection, versions=True), log.size, log.root
