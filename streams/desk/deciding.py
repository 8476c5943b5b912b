"""Forms of the pages: what people decide, by the same operations as programs."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from aiohttp import web

from streams.desk import operations, telling
from streams.desk.entrance import Page, back_to
from streams.desk.forms import action_of, alerts_ticked, receiver_of, suppression_of
from streams.desk.offering import Ask
from streams.desk.operations import ManyActions
from streams.desk.pages import show_receivers
from streams.desk.rendering import render


async def act(request: web.Request, ask: Ask) -> web.Response:
    """Act on a case, as its form says."""
    ask.person.must_be("decide")
    form = await request.post()
    action = action_of(form)
    seen = replace(ask, seen=str(form.get("seen", "")))
    alert_id = request.match_info["alert_id"]
    await asyncio.to_thread(operations.act_on_alert, seen, alert_id, action)
    raise web.HTTPSeeOther(f"/alerts/{quote(alert_id, safe='')}#case")


async def act_on_many(request: web.Request, ask: Ask) -> web.Response:
    """Act on the cases of the ticked alerts."""
    ask.person.must_be("decide")
    form = await request.post()
    body = ManyActions(alerts_ticked(form), action_of(form))
    done = await asyncio.to_thread(operations.act_on_many, ask, body)
    return render("many.html.j2", ask, done=done, back=back_to(str(form.get("back", ""))))


async def add_exception(request: web.Request, ask: Ask) -> web.Response:
    """Keep a kind of alert quiet."""
    ask.person.must_be("decide")
    body = suppression_of(await request.post())
    await asyncio.to_thread(operations.add_exception, ask, body)
    raise web.HTTPSeeOther("/exceptions")


async def withdraw(request: web.Request, ask: Ask) -> web.Response:
    """Withdraw a snooze or an exception."""
    ask.person.must_be("decide")
    form = await request.post()
    seen = replace(ask, seen=str(form.get("seen", "")))
    identity = request.match_info["suppression_id"]
    await asyncio.to_thread(operations.withdraw_exception, seen, identity)
    raise web.HTTPSeeOther("/exceptions")


async def tell(request: web.Request, ask: Ask) -> web.Response:
    """Tell somebody of alerts, and show the secret, this once."""
    ask.person.must_be("admin")
    body = receiver_of(await request.post())
    made = await asyncio.to_thread(telling.tell_receiver, ask, body)
    return await show_receivers(ask, made=made)


async def act_on_receiver(request: web.Request, ask: Ask) -> web.Response:
    """Send again what was given up, or tell somebody no more."""
    ask.person.must_be("admin")
    receiver_id = request.match_info["receiver_id"]
    if (await request.post()).get("do") == "retry":
        done = await asyncio.to_thread(telling.retry_receiver, ask, receiver_id)
        return await show_receivers(ask, again=done.waiting_again)
    await asyncio.to_thread(telling.untell_receiver, ask, receiver_id)
    raise web.HTTPSeeOther("/receivers")


FORMS: Final[tuple[tuple[str, Page], ...]] = (
    ("/alerts", act_on_many),
    ("/alerts/{alert_id}", act),
    ("/exceptions", add_exception),
    ("/exceptions/{suppression_id}", withdraw),
    ("/receivers", tell),
    ("/receivers/{receiver_id}", act_on_receiver),
)
