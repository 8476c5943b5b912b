"""The pages: signing in, forms of other sites, markup in documents, and what a person does."""

import asyncio
import re
import zipfile
from datetime import UTC, datetime
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest

from streams.desk.cases import case_of_alert
from streams.desk.rendering import render
from streams.desk.tokens import revoke_token, tokens_of
from streams.evidence.pack import verify_pack
from streams.setup.clock import utc_now
from streams.store.writing import write
from tests.desk.served import HOSTILE, served, signed_in, token
from tests.store.changes import change, records

PAGES = (
    "/", "/alerts", "/alerts?trial=show&suppressed=show&state=any", "/alerts/a1", "/alerts/a3",
    "/alerts/a4", "/vehicles/V1", "/vehicles/V2", "/parties/e1", "/parties/o%3Cb%3E2",
    "/provinces/CN-GD", "/provinces/CN-GD?detector=double_sale", "/exceptions",
    "/exceptions?versions=true", "/provenance", "/receivers",
)  # fmt: skip


@pytest.fixture
async def client(engine):
    async with served(engine) as made:
        yield made


async def test_every_page_asks_who_it_is_and_leads_back(client):
    for page in PAGES:
        answer = await client.get(page, allow_redirects=False)
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/sign-in?next=%2F")
    assert (await client.get("/livez")).status == 200


async def test_every_page_shows_and_lets_no_markup_through(client, engine):
    await signed_in(client, token(engine, "admin"))
    await client.post("/alerts/a3", data={"form_key": "x"})
    for page in PAGES:
        answer = await client.get(page)
        text = await answer.text()
        assert answer.status == 200, text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "o<b>2" not in text
        assert not re.findall(r"\son\w+=|javascript:|style=", re.sub(r"&lt;.*?&gt;", "", text))
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
    assert "&lt;script&gt;alert(1)" in await (await client.get("/alerts/a3")).text()


@pytest.mark.parametrize(
    "following", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"]
)
async def test_nobody_is_led_to_another_site(client, engine, following):
    answer = await client.post(
        "/sign-in", data={"token": token(engine), "next": following}, allow_redirects=False
    )
    assert answer.headers["Location"] == "/"


async def test_the_cookie_is_for_this_desk_alone(client, engine):
    answer = await client.post("/sign-in", data={"token": token(engine)}, allow_redirects=False)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    async with served(engine, secure=True) as other:
        answer = await other.post("/sign-in", data={"token": token(engine)}, allow_redirects=False)
        assert "Secure" in answer.headers["Set-Cookie"]


async def test_wrong_tokens_are_refused_and_soon_not_even_tried(client):
    answers = [await client.post("/sign-in", data={"token": "wrong"}) for _ in range(11)]
    assert [answer.status for answer in answers] == [401] * 10 + [429]


async def test_a_ticket_lets_in_once(engine):
    async with served(engine, ticket=f"abc {token(engine, 'admin')}") as client:
        assert (await client.get("/sign-in?ticket=abc", allow_redirects=False)).status == 303
        assert (await client.get("/", allow_redirects=False)).status == 200
        assert (await client.get("/sign-in?ticket=abc", allow_redirects=False)).status == 200


async def test_a_wrong_ticket_spoils_the_right_one(engine):
    async with served(engine, ticket=f"abc {token(engine, 'admin')}") as client:
        for ticket in ("abx", "abc"):
            answer = await client.get(f"/sign-in?ticket={ticket}", allow_redirects=False)
            assert answer.status == 200


async def test_signing_out_and_a_revoked_token_end_the_session(client, engine):
    key = await signed_in(client, token(engine))
    await client.post("/sign-out", data={"form_key": key})
    assert (await client.get("/", allow_redirects=False)).status == 303
    await signed_in(client, token(engine, "decide", "anna"))
    (known,) = [one for one in tokens_of(engine) if one.name == "anna"]
    revoke_token(engine, known.token_id, utc_now())
    assert (await client.get("/", allow_redirects=False)).status == 303


def decision(key, **other):
    return {"form_key": key, "seen": "0.0", "action": "close", "outcome": "confirmed"} | other


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, "wrong"),
        ({}, ""),
        ({"Origin": "https://evil.example"}, None),
        ({"Origin": "null"}, None),
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Sec-Fetch-Site": "same-site"}, None),
    ],
)
async def test_forms_of_other_sites_do_nothing(client, engine, headers, key):
    own = await signed_in(client, token(engine))
    form = decision(own if key is None else key)
    answer = await client.post("/alerts/a1", data=form, headers=headers, allow_redirects=False)
    assert answer.status == 403
    with engine.connect() as connection:
        assert case_of_alert(connection, "a1").state == "open"


async def test_a_person_decides_and_the_next_one_is_told(client, engine):
    key = await signed_in(client, token(engine, "decide", "anna"))
    answer = await client.post("/alerts/a1", data=decision(key), allow_redirects=False)
    assert answer.headers["Location"] == "/alerts/a1#case"
    page = await (await client.get("/alerts/a1")).text()
    assert "confirmed" in page
    assert "anna" in page
    answer = await client.post("/alerts/a1", data=decision(key, outcome="useful"))
    assert answer.status == 412
    assert "anna did &#39;close&#39;" in await answer.text()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"action": "close", "outcome": ""}, "outcome"),
        ({"action": "close", "outcome": "guilty"}, "guilty"),
        ({"action": "snooze", "until": "soon", "reason": "x"}, "allowed: a time"),
        ({"action": "nothing"}, "nothing"),
        ({"action": "note", "note": "\x00"}, "U+0000"),
        ({"seen": "x"}, "If-Match"),
    ],
)
async def test_forms_that_say_too_little_are_refused(client, engine, form, said):
    key = await signed_in(client, token(engine))
    answer = await client.post("/alerts/a1", data=decision(key) | form, allow_redirects=False)
    assert answer.status == 400
    assert said in await answer.text()


async def test_who_may_read_only_sees_no_forms_and_cannot_send_them(client, engine):
    answer = await client.post("/sign-in", data={"token": token(engine, "read")})
    page = await (await client.get("/alerts/a1")).text()
    assert 'name="action"' not in page
    (key,) = set(re.findall(r'name="form_key" value="([^"]+)"', page))
    answer = await client.post("/alerts/a1", data=decision(key), allow_redirects=False)
    assert answer.status == 403
    with engine.connect() as connection:
        assert case_of_alert(connection, "a1").first_look_at is None, "and leaves no trace"


async def test_many_with_one_form(client, engine):
    key = await signed_in(client, token(engine))
    form = [("form_key", key), ("action", "snooze"), ("until", "2027-06-01T00:00"), ("reason", "later"),
            ("back", "/alerts?severity=high"), ("ticked", "a1 0 0"), ("ticked", "a4 0 7")]  # fmt: skip
    page = await (await client.post("/alerts", data=form)).text()
    assert "1 of 2 done" in page
    assert "you saw 7" in page
    assert 'href="/alerts?severity=high"' in page
    with engine.connect() as connection:
        case = case_of_alert(connection, "a1")
    assert case.snoozed_until.isoformat() == "2027-05-31T16:00:00+00:00", "civil time of Shanghai"


async def test_an_exception_by_form(client, engine):
    key = await signed_in(client, token(engine, "admin"))
    form = {"form_key": key, "kind": "exception", "party_id": "e1", "until": "2027-06-01T00:00",
            "reason": HOSTILE}  # fmt: skip
    await client.post("/exceptions", data=form)
    page = await (await client.get("/exceptions")).text()
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "a1" not in await (await client.get("/alerts")).text()
    path = re.search(r'action="(/exceptions/\w+)"', page)[1]
    await client.post(path, data={"form_key": key, "seen": "1"})
    assert "/alerts/a1" in await (await client.get("/alerts")).text()


async def test_files_hold_what_is_seen_and_no_formulas(client, engine):
    write(engine, records(change("a5", subject="V5", title="=cmd|' /C calc'!A0")))
    await signed_in(client, token(engine))
    table = await (await client.get("/alerts.csv?vin=V5")).text()
    head, row = table.lstrip("\ufeff").splitlines()
    assert head.startswith("alert_id,revision,state,detector")
    assert "'=cmd" in row
    rows = await (await client.get("/alerts.json?limit=1")).json()
    assert {row["alert_id"] for row in rows} == {"a1", "a3", "a4", "a5"}


@pytest.mark.parametrize(
    ("what", "where"),
    [
        ("v1", "/vehicles/V1"), ("A1", "/alerts/a1"), ("cn-gd", "/provinces/CN-GD"),
        ("e1", "/parties/e1"), ("two words", "/alerts?text=two+words"),
        ("//evil", "/alerts?text=//evil"),
    ],
)  # fmt: skip
async def test_what_is_looked_for_is_found(client, engine, what, where):
    await signed_in(client, token(engine))
    answer = await client.get("/find", params={"what": what}, allow_redirects=False)
    assert answer.headers["Location"] == where


@pytest.mark.parametrize("path", ["/static/../settings.py", "/static/%2e%2e/settings.py", "/static/x"])
async def test_no_other_file_is_served(client, path):
    assert (await client.get(path)).status == 404


async def test_style_and_scripts_are_there(client):
    for name in ("desk.css", "desk.js", "htmx.js"):
        assert (await client.get(f"/static/{name}")).status == 200


async def test_new_alerts_are_told_while_one_looks(client, engine):
    await signed_in(client, token(engine))
    answer = await client.get("/events")
    assert answer.content_type == "text/event-stream"
    await asyncio.sleep(0.1)
    newest = change("a9", subject="V9", severity="critical", detected_at="2026-11-28T12:00:00+00:00")
    write(engine, records(newest))
    async with asyncio.timeout(60):
        lines = [await answer.content.readline() for _ in range(2)]
    assert lines == [b"event: alerts\n", b"data: 1 critical\n"]


@pytest.mark.parametrize(("country", "zone"), [("CN", "Asia/Shanghai"), ("ES", "Europe/Madrid")])
def test_a_page_names_the_zone_of_its_times(monkeypatch, country, zone):
    monkeypatch.setenv("ZEROMILE_COUNTRY", country)
    page = render("sign_in.html.j2", None, next="/", fault=None).text
    assert f"Times and days are those of {zone}" in page


async def test_who_is_told_by_form_and_the_secret_is_shown_once(client, engine):
    key = await signed_in(client, token(engine, "admin"))

    async def send(path, status=200, **form):
        answer = await client.post(path, data={"form_key": key} | form)
        assert answer.status == status, await answer.text()
        return await answer.text()

    made = await send("/receivers", url="https://hooks.example.org/", severity="critical")
    (secret,) = re.findall(r"whsec_[\w+/=]+", made)
    await send("/receivers", url="anna@example.org", daily_at="07:15", detector="double_sale")
    listed = await (await client.get("/receivers")).text()
    assert secret not in listed
    assert "mailto:anna@example.org" in listed
    assert "daily at 07:15" in listed
    said = await send("/receivers", url="http://127.0.0.1/", status=400)
    assert "allowed: https://host/path" in said
    identity = re.search(r"/receivers/(\w+)", listed)[1]
    assert "0 wait again" in await send(f"/receivers/{identity}", do="retry")
    assert "https://hooks.example.org/" not in await send(f"/receivers/{identity}", do="remove")


async def test_who_is_told_is_for_admins(client, engine):
    key = await signed_in(client, token(engine, "decide"))
    assert (await client.get("/receivers")).status == 403
    assert "/receivers" not in await (await client.get("/")).text()
    for path in ("/receivers", "/receivers/x"):
        form = {"form_key": key, "url": "https://example.org/", "do": "remove"}
        assert (await client.post(path, data=form)).status == 403


@pytest.mark.parametrize("path", ["/alerts/a1", "/vehicles/v1"])
async def test_a_pack_is_saved_from_a_page_and_holds(client, engine, tmp_path, path):
    await signed_in(client, token(engine, "read"))
    answer = await client.get(f"{path}/pack.zip")
    assert answer.status == 200, await answer.text()
    assert answer.headers["Content-Type"] == "application/zip"
    name = re.fullmatch(r'attachment; filename="([\w-]+)\.zip"', answer.headers["Content-Disposition"])
    with zipfile.ZipFile(BytesIO(await answer.read())) as file:
        file.extractall(tmp_path)
    assert verify_pack(tmp_path / name[1]).faults == []
    assert ",alert,a1," in (tmp_path / name[1] / "data" / "index.csv").read_text("utf-8")


async def test_a_pack_is_saved_while_the_authority_of_time_stamps_is_away(
    engine, tmp_path, monkeypatch
):
    monkeypatch.setenv("ZEROMILE_SINK_TIME_STAMP_URL", "http://127.0.0.1:1")
    async with served(engine) as client:
        await signed_in(client, token(engine, "read"))
        answer = await client.get("/alerts/a1/pack.zip")
        assert answer.status == 200, await answer.text()
        with zipfile.ZipFile(BytesIO(await answer.read())) as file:
            file.extractall(tmp_path)
    assert verify_pack(tmp_path / "alert-a1").faults == []
    assert not list(tmp_path.rglob("*.tsr"))


async def test_no_pack_of_what_is_not_there(client, engine):
    await signed_in(client, token(engine, "read"))
    for path in ("/alerts/none", "/alerts/a4", "/vehicles/..%2F..%2Fetc"):
        answer = await client.get(f"{path}/pack.zip")
        assert answer.status == 404
        assert "no vehicle in the store answers" in await answer.text()


async def test_every_time_is_one_of_the_country(client, engine):
    await signed_in(client, token(engine, "admin"))
    with engine.connect() as connection:
        stored = connection.exec_driver_sql("SELECT MAX(received_at) FROM received_records").scalar()
    local = datetime.fromisoformat(stored).replace(tzinfo=UTC).astimezone(ZoneInfo("Asia/Shanghai"))
    for path, told in (
        ("/", f"Newest record stored</dt><dd>{local:%Y-%m-%d %H:%M}</dd>"),
        ("/vehicles/V1", f"received {local:%Y-%m-%d %H:%M}"),
        ("/alerts/a1", "<dt>detected</dt><dd>2026-01-02 11:04</dd>"),
        ("/provenance", '<td class="date">2026-01-02 11:04</td>'),
    ):
        assert told in await (await client.get(path)).text(), path
