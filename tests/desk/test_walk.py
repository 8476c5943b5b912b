"""The walk of docs/desk.md: who is behind a province's alerts, a decision, an exception, a pack."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner

from streams.cli import app
from streams.store.database import migrate, open_database
from streams.store.writing import write
from tests.desk.served import served, signed_in
from tests.simulated import record_country
from tests.store.changes import change, record

PAGE = (Path(__file__).parents[2] / "docs" / "desk.md").read_text("utf-8")


def run(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def country(tmp_path: Path) -> Path:
    """What `zeromile demo` leaves, small."""
    documents = tmp_path / "documents.jsonl.gz"
    record_country(documents, vehicles=800, seed=7)
    run("replay", str(documents), "--alerts", str(tmp_path / "alerts.jsonl"))
    return tmp_path


async def test_from_a_province_to_a_pack(country: Path):
    url = f"sqlite:///{country / 'zeromile.sqlite'}"
    files = [str(country / name) for name in ("alerts.jsonl", "documents.jsonl.gz")]
    run("sink", "--url", url, "--from-file", files[0], "--from-file", files[1])
    told: asyncio.Queue[bytes] = asyncio.Queue()

    async def receive(request: web.Request) -> web.Response:
        told.put_nowait(await request.read())
        return web.Response()

    receiver = web.Application()
    receiver.router.add_post("/", receive)
    engine = open_database(url)
    migrate(engine)
    async with served(engine) as client, TestServer(receiver) as server:
        key = await signed_in(
            client, run("desk", "token", "anna", "--role", "admin", "--url", url).strip()
        )

        async def page(path: str) -> str:
            answer = await client.get(path)
            assert answer.status == 200, await answer.text()
            return await answer.text()

        async def send(path: str, **form: str) -> str:
            answer = await client.post(path, data={"form_key": key} | form)
            assert answer.status == 200, await answer.text()
            return await answer.text()

        listed = await page("/alerts?detector=double_sale&case=undecided")
        worst, vin = re.search(
            r'href="/alerts/(\w+)".*?href="/vehicles/(\w+)"', listed, re.DOTALL
        ).groups()
        alert = await page(f"/alerts/{worst}")
        vehicle = await page(f"/vehicles/{vin}")
        assert f"/alerts/{worst}" in vehicle
        answer = await client.get("/alerts.json?detector=double_sale")
        province = next(one["province"] for one in await answer.json() if one["province"])
        behind = await page(f"/provinces/{province}?detector=double_sale")
        party = re.search(r'href="(/parties/[^"]+)"', behind)[1]
        assert re.search(r'href="/vehicles/\w+"', await page(party))

        seen = re.search(r'name="seen" value="([^"]+)"', alert)[1]
        decided = await send(f"/alerts/{worst}", seen=seen, action="close", outcome="confirmed")
        assert "anna" in decided
        await send(
            "/exceptions", kind="exception", party_id=party.removeprefix("/parties/"),
            until="2027-06-01T00:00", reason="a fleet operator",
        )  # fmt: skip
        assert "a fleet operator" in await page(party)
        assert "1 of 1" in await page("/detectors")
        rows = json.loads(run("quality", "--url", url, "--format", "json"))
        assert [(row["detector"], row["right"]) for row in rows] == [("double_sale", 1)]

        address = str(server.make_url("/"))
        run("desk", "webhook", address, "--severity", "high", "--allow-private", "--url", url)
        write(engine, [record(change("fresh"))])
        async with asyncio.timeout(60):  # the desk does it by itself
            assert json.loads(await told.get())["subject"] == "fresh"
    engine.dispose()
    run("pack", "export", "--url", url, "--alert", worst, "--out", str(country / "case"))
    index = (country / "case" / "data" / "index.csv").read_text("utf-8")
    assert f",case,{worst}," in index
    assert "holds" in run("pack", "verify", str(country / "case"))


def test_the_page_names_the_commands_of_the_walk():
    for command in ("sink", "desk --url", "desk token", "quality", "desk webhook", "pack export"):
        assert f"zeromile {command}" in PAGE
