"""The API: who may do what, what is asked, what is refused and how."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from streams.desk.limits import RateLimit
from streams.desk.openapi import OPERATIONS, PREFIX, description
from streams.desk.questions import AlertQuestion
from streams.desk.tokens import revoke_token, tokens_of
from streams.store.writing import write
from tests.desk.served import expired, served, token
from tests.store.changes import change, document, export, records, registration


@pytest.fixture
async def ask(engine):
    async with served(engine, limit=RateLimit(burst=10_000, per_second=1.0)) as client:
        default = token(engine, "admin")

        async def ask(method, path, *, secret=default, status=200, **options):
            headers = {"Authorization": f"Bearer {secret}"} | options.pop("headers", {})
            answer = await client.request(method, PREFIX + path, headers=headers, **options)
            body = await answer.read()
            assert answer.status == status, body
            if status >= 400:
                assert answer.content_type == "application/problem+json"
                problem = json.loads(body)
                assert problem["status"] == status
                return problem["detail"], answer.headers
            return (json.loads(body) if body else None), answer.headers

        yield ask


async def test_alerts_page_by_page(ask):
    for order, expected in (
        ("worst", "a1 a4 a2 a3"),
        ("newest", "a4 a3 a2 a1"),
        ("latest", "a4 a3 a2 a1"),
    ):
        seen, after = [], ""
        for _ in range(2):
            page, _ = await ask("GET", f"/alerts?limit=2&trial=show&order={order}{after}")
            seen += [alert["alert_id"] for alert in page["alerts"]]
            after = f"&after={page['after']}"
        assert " ".join(seen) == expected
        assert (page["after"], page["count"]) == (None, 4)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("", ["a1", "a4", "a3"]),
        ("trial=only", ["a2"]),
        ("severity=low", ["a3"]),
        ("detector=double_sale&province=CN-GD", ["a1"]),
        ("vin=v1", ["a1"]),
        ("party=e1", ["a1"]),
        ("text=VIN%20revision", []),
        ("text=v2%20IMG", ["a3"]),
        ("text=%25", []),
        ("state=resolved", []),
        ("case=undecided", ["a1", "a4", "a3"]),
        ("case=closed", []),
        ("from=2025-06-18", []),
        ("to=2025-06-17&order=latest", ["a4", "a3", "a1"]),
        ("order=newest", ["a4", "a3", "a1"]),
        ("brand=' OR 1=1 --", []),
        ("tag=a' OR '1'='1", []),
        ("party=x') OR 1=1 --", []),
        ("assignee=\\", []),
    ],
)
async def test_what_is_asked_is_found_and_nothing_else(ask, question, found):
    page, _ = await ask("GET", f"/alerts?{question}")
    assert [alert["alert_id"] for alert in page["alerts"]] == found
    assert page["count"] == len(found)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("sate=firing", "sate"),
        ("severity=worst", "severity"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("from=june", "from"),
        ("order=worst&order=newest", "more than once"),
        ("after=nothing", "allowed: what a page said itself"),
        ("after=W10", "allowed: what a page said itself"),
        ("after=WzFlMzAsMC4xLCJhIl0", "allowed: what a page said itself"),
        ("text=%00", "U+0000"),
        (f"text={'x' * 201}", "text"),
    ],
)
async def test_what_cannot_be_asked_is_told(ask, question, said):
    detail, _ = await ask("GET", f"/alerts?{question}", status=400)
    assert said in detail


async def test_a_decision_needs_what_was_seen(ask):
    _, headers = await ask("GET", "/alerts/a1")
    etag = headers["ETag"]
    close = {"action": "close", "outcome": "confirmed"}
    await ask("POST", "/alerts/a1/case", json=close, status=428)
    await ask("POST", "/alerts/a1/case", json=close, headers={"If-Match": '"x"'}, status=400)
    done, headers = await ask("POST", "/alerts/a1/case", json=close, headers={"If-Match": etag})
    assert (done["case"]["outcome"], headers["ETag"]) == ("confirmed", '"1.0"')
    said, _ = await ask("POST", "/alerts/a1/case", json=close, headers={"If-Match": etag}, status=412)
    assert "admin did 'close'" in said
    assert (await ask("GET", "/cases/a1"))[0]["decided_by"] == "admin"
    page, _ = await ask("GET", "/alerts?outcome=confirmed&case=closed")
    assert [alert["alert_id"] for alert in page["alerts"]] == ["a1"]


async def test_an_alert_tells_what_was_seen_before(ask, engine):
    """Others on its vehicle, and what was decided of its like on vehicles of those named there."""
    write(engine, records(change("a9", subject="V9"), change("a8", subject="V8")))
    write(
        engine, [document(export("V9", "2025-07-01"), 9), document(registration("V8", "2025-07-01"), 8)]
    )
    for alert, outcome in (("a9", "false_alarm"), ("a8", "confirmed"), ("a1", "useful")):
        body = {"action": "close", "outcome": outcome}
        await ask("POST", f"/alerts/{alert}/case", json=body, headers={"If-Match": "0.0"})
    before = (await ask("GET", "/alerts/a1"))[0]["before"]
    assert [one["alert_id"] for one in before["alerts"]] == ["a2"]
    assert before["decided"] == [
        {"party_id": "e1", "outcomes": {"false_alarm": 1}},
        {"party_id": "o1", "outcomes": {"confirmed": 1}},
    ]
    assert (await ask("GET", "/alerts/a4"))[0]["before"] == {"alerts": [], "decided": []}


async def test_an_answer_that_has_not_changed_is_not_sent_again(ask):
    _, headers = await ask("GET", "/vehicles/V1")
    body, _ = await ask("GET", "/vehicles/V1", headers={"If-None-Match": headers["ETag"]}, status=304)
    assert body is None


async def test_many_at_once_and_who_came_too_late(ask, engine):
    write(engine, records(change("a3", 1, subject="V2")))
    seen = [{"alert_id": name, "case_version": 0, "revision": 0} for name in ("a1", "a3", "none")]
    body = {"alerts": seen, "do": {"action": "tag", "add": ["fleet"]}}
    done, _ = await ask("POST", "/cases", json=body)
    assert list(done["done"]) == ["a1"]
    assert "you saw 0" in done["refused"]["a3"]
    assert "no alert 'none'" in done["refused"]["none"]
    page, _ = await ask("GET", "/alerts?tag=fleet")
    assert [alert["alert_id"] for alert in page["alerts"]] == ["a1"]


def quiet(days=10, **other):
    until = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    return {"kind": "exception", "reason": "their own cars", "until": until} | other


async def test_an_exception_suppresses_and_loses_nothing(ask):
    made, _ = await ask("POST", "/exceptions", json=quiet(party_id="e1"), status=201)
    shown = [alert["alert_id"] for alert in (await ask("GET", "/alerts"))[0]["alerts"]]
    assert shown == ["a4", "a3"]
    only, _ = await ask("GET", "/alerts?suppressed=only")
    assert [alert["alert_id"] for alert in only["alerts"]] == ["a1"]
    detail, _ = await ask("GET", "/alerts/a1")
    assert [one["reason"] for one in detail["suppressed_by"]] == ["their own cars"]
    path = f"/exceptions/{made['suppression_id']}"
    changed, headers = await ask(
        "PUT", path, json=quiet(party_id="e1", detector="flash_registration"), headers={"If-Match": "1"}
    )
    assert (changed["version"], headers["ETag"]) == (2, '"2"')
    assert (await ask("GET", "/alerts"))[0]["count"] == 3
    said, _ = await ask("DELETE", path, headers={"If-Match": '"1"'}, status=412)
    assert "is in version 2 by admin" in said
    gone, _ = await ask("DELETE", path, headers={"If-Match": '"2"'})
    assert gone["withdrawn"]
    versions, _ = await ask("GET", "/exceptions?versions=true")
    assert [one["version"] for one in versions["suppressions"]] == [3, 2, 1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (quiet(), "give one of detector"),
        (quiet(days=-1, vin="V1"), "allowed for the kind exception"),
        (quiet(days=401, vin="V1", kind="snooze"), "at most 400 days"),
        (quiet(vin="V1", until="2027-01-01T00:00:00"), "with its offset"),
        (quiet(vin="V1", reason=""), "reason"),
        (quiet(vin="V1", colour="red"), "colour"),
    ],
)
async def test_an_exception_that_says_too_little_is_refused(ask, body, said):
    detail, _ = await ask("POST", "/exceptions", json=body, status=400)
    assert said in detail


async def test_roles(ask, engine):
    read, decide = token(engine, "read"), token(engine, "decide")
    note = {"action": "note", "note": "x"}
    await ask("GET", "/alerts", secret=read)
    seen = {"If-Match": "0.0"}
    await ask("POST", "/alerts/a1/case", secret=read, json=note, headers=seen, status=403)
    await ask("POST", "/alerts/a1/case", secret=decide, json=note, headers=seen)
    await ask("POST", "/exceptions", secret=decide, json=quiet(vin="V1"), status=403)
    snooze = quiet(vin="V1", kind="snooze")
    made, _ = await ask("POST", "/exceptions", secret=decide, json=snooze, status=201)
    path = f"/exceptions/{made['suppression_id']}"
    await ask("PUT", path, secret=decide, json=snooze, headers={"If-Match": "1"}, status=403)
    await ask("DELETE", path, secret=decide, headers={"If-Match": "1"})


async def test_tokens_that_do_not_count(ask, engine):
    revoked = token(engine, "admin", "gone")
    (known,) = [one for one in tokens_of(engine) if one.name == "gone"]
    revoke_token(engine, known.token_id, datetime.now(UTC))
    for secret in ("nothing", revoked, expired(engine), revoked[:-1], ""):
        said, headers = await ask("GET", "/alerts", secret=secret, status=401)
        assert headers["WWW-Authenticate"].startswith("Bearer")
        assert not secret or secret not in said


async def test_every_operation_asks_for_a_token(ask):
    for one in OPERATIONS.values():
        path = one.path.replace("{", "").replace("}", "")
        await ask(one.method, path, secret="wr" + "ong", json={}, status=401)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/alerts/nothing", 404),
        ("/vehicles/NOTHING", 404),
        ("/parties/nothing", 404),
        ("/provinces/CN-XX", 404),
        ("/nothing", 404),
        ("/vehicles/%00", 400),
        ("/vehicles/" + "V" * 201, 400),
        ("/vehicles/V1?all=true", 400),
    ],
)
async def test_what_is_not_there(ask, path, status):
    await ask("GET", path, status=status)


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b'{"action":"note","note":"\\u0000"}', "application/json", 400),
        (b'{"action":"note","note":"x"}', "text/plain", 400),
        (b"x" * 300_000, "application/json", 413),
    ],
)
async def test_bodies_that_are_none(ask, raw, kind, status):
    headers = {"If-Match": "0.0", "Content-Type": kind}
    await ask("POST", "/alerts/a1/case", data=raw, headers=headers, status=status)


async def test_too_many_requests_are_told_when_to_come_again(engine):
    async with served(engine, limit=RateLimit(burst=2, per_second=0.01)) as client:
        headers = {"Authorization": f"Bearer {token(engine)}"}
        answers = [await client.get(f"{PREFIX}/alerts", headers=headers) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert 90 <= int(answers[-1].headers["Retry-After"]) <= 100


async def test_a_database_that_is_away_is_said_and_nothing_of_it(ask, engine, tmp_path):
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE case_events RENAME TO away")
    said, _ = await ask("GET", "/alerts/a1", status=503)
    assert "try again" in said
    assert "case_events" not in said


async def test_province_and_party(ask):
    province, _ = await ask("GET", "/provinces/cn-gd?detector=double_sale")
    assert (province["name"], province["weeks"]) == (
        "Guangdong", [{"week": "2025-06-16", "exports": 1, "expected": None}],
    )  # fmt: skip
    assert {(one["party_id"], one["role"]) for one in province["behind"]} == {
        ("o1", "owner"), ("e1", "exporter"),
    }  # fmt: skip
    party, _ = await ask("GET", "/parties/e1")
    assert (party["vehicles"], party["vehicles_with_alerts"]) == (1, 1)
    assert party["shown"][0] | {"worst": "critical", "roles": "exporter"} == party["shown"][0]


async def test_now(ask):
    now, _ = await ask("GET", "/now")
    assert now["waiting"] == {"critical": 1, "high": 1, "medium": 0, "low": 1}
    assert (now["on_trial"], now["suppressed"], now["log_size"]) == (1, 0, 7)
    assert [feed["event_type"] for feed in now["feeds"]] == ["customs_export", "registration"]


async def test_who_is_told(ask, engine):
    body = {"url": "https://example.org/alerts", "severity": "low"}
    await ask("POST", "/receivers", secret=token(engine, "decide"), json=body, status=403)
    made, _ = await ask("POST", "/receivers", json=body, status=201)
    assert made["secret"].startswith("whsec_")
    mail, _ = await ask("POST", "/receivers", json={"url": "mailto:anna@example.org"}, status=201)
    assert mail["secret"] is None
    listed, _ = await ask("GET", "/receivers")
    assert [(one["url"], one["daily_at"]) for one in listed["receivers"]] == [
        ("https://example.org/alerts", None), ("mailto:anna@example.org", "08:00"),
    ]  # fmt: skip
    assert made["secret"] not in json.dumps(listed)
    for wrong in ({"daily_at": "24:00"}, {"allow_private": True}, {"url": "http://example.org/"}):
        await ask("POST", "/receivers", json=body | wrong, status=400)
    path = f"/receivers/{made['receiver_id']}"
    assert (await ask("POST", f"{path}/retry"))[0] == {"waiting_again": 0}
    left, _ = await ask("DELETE", path)
    assert [one["url"] for one in left["receivers"]] == ["mailto:anna@example.org"]
    await ask("DELETE", path, status=404)


FREE = {"detector", "province", "brand", "destination", "vin", "party", "assignee", "tag", "text"}


async def test_sql_in_a_filter_is_a_value_like_another(ask):
    for name in AlertQuestion.__struct_encode_fields__:
        for value in ("x' OR '1'='1", "x'; DROP TABLE alerts; --", '%") OR 1=1 --', "_%"):
            status = 200 if name in FREE else 400
            answer, _ = await ask("GET", f"/alerts?{urlencode({name: value})}", status=status)
            assert status == 400 or answer["alerts"] == [], (name, value)
    assert (await ask("GET", "/alerts"))[0]["count"] == 3


async def test_neither_secrets_nor_vehicles_are_logged(engine, capsys):
    secret, wrong = token(engine, "admin"), "zmd_nobody-knows-me"
    async with served(engine) as client:
        await client.post("/sign-in", data={"token": wrong})
        await client.post("/sign-in", data={"token": secret})
        await client.get(f"{PREFIX}/vehicles/V1", headers={"Authorization": f"Bearer {secret}"})
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE case_events RENAME TO away")
        answer = await client.get(f"{PREFIX}/alerts/a1", headers={"Authorization": f"Bearer {secret}"})
        assert answer.status == 503
    logged = "".join(capsys.readouterr())
    assert "the database refuses" in logged
    for word in (secret, wrong, "V1", "a1", "SELECT"):
        assert word not in logged


def test_the_description_is_whole():
    told = description()
    names = {one["operationId"] for path in told["paths"].values() for one in path.values()}
    assert names == set(OPERATIONS)
    text = json.dumps(told)
    for reference in {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}:
        assert reference in told["components"]["schemas"]
