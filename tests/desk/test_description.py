"""The API is what its description says: schemathesis asks what is allowed, and what is not."""

from __future__ import annotations

import asyncio
import shutil
import threading

import pytest
import schemathesis
from aiohttp import web
from hypothesis import HealthCheck, given, settings

from streams.desk.limits import RateLimit
from streams.desk.openapi import description
from streams.desk.server import application
from streams.store.database import open_database
from tests.desk.served import token

SCHEMA = schemathesis.openapi.from_dict(description())
OFFERED = {one.ok().label: one.ok() for one in SCHEMA.get_all_operations()}
EXAMPLES = 3
MORE_THAN_A_SCHEMA_SAYS = schemathesis.checks.CHECKS.get_one("positive_data_acceptance")
"""An address, a time in the past, an action that fits no case: the answer says what is allowed."""


@pytest.fixture(scope="module")
def address(filled, tmp_path_factory):
    """A desk in a thread of its own, and a token that may do everything."""
    path = shutil.copy(filled, tmp_path_factory.mktemp("described") / "store.sqlite")
    engine = open_database(f"sqlite:///{path}")
    secret = token(engine, "admin")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    runner = web.AppRunner(application(engine, limit=RateLimit(burst=10**6, per_second=1000.0)))
    port = asyncio.run_coroutine_threadsafe(_listen(runner), loop).result(60)
    yield f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {secret}"}
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    engine.dispose()


async def _listen(runner):
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner.addresses[0][1]


@pytest.mark.parametrize("mode", schemathesis.GenerationMode)
@pytest.mark.parametrize("name", OFFERED)
def test_it_answers_as_described(address, name, mode):
    base, headers = address

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OFFERED[name].as_strategy(generation_mode=mode))
    def hold(case):
        answer = case.call(base_url=base, headers=headers, timeout=60)
        case.validate_response(answer, headers=headers, excluded_checks=[MORE_THAN_A_SCHEMA_SAYS])

    hold()
