"""The walk of the README, by its own commands and by the names that stand on the pages."""

from __future__ import annotations

import asyncio
import html
import json
import re
import shlex
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from typer.testing import CliRunner

from streams.cli import app
from streams.store.database import migrate, open_database
from streams.store.writing import write
from tests.desk.served import served, signed_in
from tests.store.changes import change, record

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
WALK = README.partition("### A walk at the desk\n")[2].partition("\n## ")[0]
COMMANDS = [line.strip() for line in WALK.splitlines() if line.startswith("    zeromile ")]
LABELS = re.findall(r"\*([^*]+)\*", " ".join(WALK.split()))


def run(line: str, *more: str) -> str:
    done = CliRunner().invoke(app, [*shlex.split(line)[1:], *more])
    assert done.exit_code == 0, done.output
    return done.stdout


class Walker:
    """Follows what pages offer by its name."""

    def __init__(self, client, key):
        self._client, self._key = client, key
        self.page = ""

    async def go(self, path):
        answer = await self._client.get(html.unescape(path))
        self.page = await answer.text()
        assert answer.status == 200, self.page

    async def follow(self, label=r"[^<]*", to=""):
        """Open the first link of a name and an address that begins so."""
        found = re.search(rf'<a [^>]*href="({to}[^"]*)"[^>]*>\s*{label}', self.page)
        assert found, f"nothing leads to {label!r} {to}"
        path = html.unescape(found[1])
        await self.go(self.at + path if path.startswith("?") else path)

    async def send(self, path, **form):
        answer = await self._client.post(path, data={"form_key": self._key} | form)
        self.page = await answer.text()
        assert answer.status == 200, self.page


@pytest.fixture
def told():
    return asyncio.Queue()


@pytest.fixture
async def receiver(told):
    async def receive(request: web.Request) -> web.Response:
        told.put_nowait(await request.read())
        return web.Response()

    made = web.Application()
    made.router.add_post("/", receive)
    async with TestServer(made) as server:
        yield str(server.make_url("/"))


async def test_from_the_demo_to_a_pack(tmp_path, monkeypatch, told, receiver):
    monkeypatch.chdir(tmp_path)
    demo, sink, desk, quality, webhook, verify = COMMANDS
    assert "zeromile desk --url" in run(demo, "--vehicles", "1000")
    run(sink)
    url = shlex.split(desk)[-1]
    engine = open_database(url)
    migrate(engine)
    async with served(engine) as client:
        key = await signed_in(client, run(f"zeromile desk token anna --role admin --url {url}").strip())
        walker = Walker(client, key)
        double_sale, confirmed, exception, detectors, telling, pack = LABELS
        await walker.go("/find?what=CN-GD")
        walker.at = "/provinces/CN-GD"
        assert "observed" in walker.page
        await walker.follow(double_sale)
        await walker.follow(to="/parties/")
        party = walker.page
        await walker.follow(to="/vehicles/")
        vehicle = walker.page
        await walker.follow(to="/alerts/")
        button = re.search(r'<button name="outcome" value="(\w+)">' + confirmed, walker.page)
        alert = re.search(r'action="(/alerts/\w+)"', walker.page)[1]
        seen = re.search(r'name="seen" value="([^"]+)"', walker.page)[1]
        await walker.send(alert, seen=seen, action="close", outcome=button[1])
        assert "anna" in walker.page

        walker.page = party
        await walker.follow(exception)
        given = dict(re.findall(r'name="(\w+)" value="([^"]+)"', walker.page))
        await walker.send(
            "/exceptions", kind="exception", party_id=given["party_id"], until="2027-06-01T00:00",
            reason="a fleet operator",
        )  # fmt: skip
        assert "a fleet operator" in walker.page
        await walker.follow(detectors)
        assert "1 of 1" in walker.page
        assert [row["right"] for row in json.loads(run(quality, "--format", "json"))] == [1]

        run(webhook.replace("http://127.0.0.1:9000/", receiver))
        await walker.follow(telling)
        assert receiver in walker.page
        write(engine, [record(change("fresh"))])
        async with asyncio.timeout(60):  # the desk does it by itself
            assert json.loads(await told.get())["data"]["subject"] == "VIN-fresh"

        found = re.search(rf'href="([^"]+)"[^>]*>{pack}', vehicle)
        answer = await client.get(found[1])
        with zipfile.ZipFile(BytesIO(await answer.read())) as file:
            (name,) = {entry.partition("/")[0] for entry in file.namelist()}
            file.extractall()
    engine.dispose()
    index = (tmp_path / name / "data" / "index.csv").read_text("utf-8")
    assert f",case,{alert.rpartition('/')[2]}," in index
    assert ",suppression," in index
    assert "holds" in run(verify.replace("verify vehicle", f"verify {name}"))
