"""What pages and API ask of the store is understood by PostgreSQL as by SQLite, and means the same."""

import pytest

from streams.desk.openapi import PREFIX
from streams.store.refreshing import refresh_views
from tests.desk.served import fill, served, signed_in, token
from tests.desk.test_pages import PAGES

QUESTIONS = (
    "", "trial=only", "vin=v1", "party=e1", "text=v2%20IMG", "case=undecided", "case=snoozed", "tag=x",
    "from=2025-06-18", "to=2025-06-17&order=latest", "order=newest&limit=1", "suppressed=only",
    "outcome=confirmed", "state=any&brand=Neta&destination=KG&province=CN-GD&severity=high",
)  # fmt: skip


@pytest.fixture
async def client(store):
    fill(store)
    refresh_views(store)
    async with served(store) as made:
        yield made


async def test_every_page_and_question(client, store):
    secret = token(store, "admin")
    key = await signed_in(client, secret)
    form = {"form_key": key, "kind": "exception", "party_id": "e1", "until": "2027-06-01T00:00",
            "reason": "their own"}  # fmt: skip
    answer = await client.post("/exceptions", data=form)
    assert answer.status == 200, await answer.text()
    form = {"form_key": key, "seen": "0.0", "action": "close", "outcome": "confirmed"}
    answer = await client.post("/alerts/a1", data=form)
    assert answer.status == 200, await answer.text()
    for page in (*PAGES, "/find?what=nobody", "/alerts.csv", "/alerts.json"):
        answer = await client.get(page)
        assert answer.status == 200, (page, await answer.text())
    found = {}
    for question in QUESTIONS:
        headers = {"Authorization": f"Bearer {secret}"}
        answer = await client.get(f"{PREFIX}/alerts?{question}", headers=headers)
        assert answer.status == 200, (question, await answer.text())
        page = await answer.json()
        found[question] = " ".join(alert["alert_id"] for alert in page["alerts"])
        if page["after"]:
            answer = await client.get(
                f"{PREFIX}/alerts?{question}&after={page['after']}", headers=headers
            )
            assert answer.status == 200, (question, await answer.text())
    assert found == dict.fromkeys(QUESTIONS, "") | {
        "": "a4 a3", "trial=only": "", "party=e1": "", "text=v2%20IMG": "a3", "case=undecided": "a4 a3",
        "to=2025-06-17&order=latest": "a4 a3", "order=newest&limit=1": "a4", "suppressed=only": "a1",
    }  # fmt: skip
