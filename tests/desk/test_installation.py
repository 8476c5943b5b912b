"""Workers, lag and dead letters on the desk: what the broker says, or that it says nothing."""

from __future__ import annotations

import asyncio

from streams.desk.openapi import PREFIX
from streams.service.settings import load
from streams.store.settings import SinkSettings
from tests.desk.served import served, signed_in, token


async def test_a_desk_without_a_broker_says_how_to_name_one(engine):
    async with served(engine, settings=load(SinkSettings)) as client:
        await signed_in(client, token(engine, "read"))
        assert "ZEROMILE_BOOTSTRAP_SERVERS" in await (await client.get("/")).text()


async def test_a_broker_that_does_not_answer_is_a_problem_and_holds_up_no_page(engine):
    settings = load(SinkSettings, bootstrap_servers="127.0.0.1:1")
    headers = {"Authorization": f"Bearer {token(engine, 'read')}"}
    async with served(engine, settings=settings) as client, asyncio.timeout(120):
        installation = None
        while installation is None:
            answer = await client.get(f"{PREFIX}/now", headers=headers)
            installation = (await answer.json())["installation"]
            await asyncio.sleep(0.2)
        (found,) = installation["found"]
        assert found["state"] == "problem"
        assert "no broker answers at 127.0.0.1:1" in found["what"]
        await signed_in(client, token(engine, "decide"))
        assert "no broker answers" in await (await client.get("/")).text()
