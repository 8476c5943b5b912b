"""What keeps alerts quiet ends at its minute, wherever that was written, and hides no other alert."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from streams.desk import suppressions
from streams.desk.asking import alerts_asked, count_asked
from streams.desk.questions import AlertQuestion
from streams.desk.suppressions import NewSuppression, add_suppression
from streams.store.writing import write
from tests.store.changes import change, document, export, records

UNTIL = datetime(2026, 10, 25, 1, 30, tzinfo=ZoneInfo("Europe/Berlin"))
"""An hour before the clocks there go back."""
SCOPES = (
    {"vin": "V1"}, {"party_id": "e1"}, {"detector": "double_sale", "province": "CN-GD"},
    {"brand": "Neta", "destination": "KG"},
)  # fmt: skip


@pytest.mark.parametrize("spelt_out", [100, 0])
def test_it_ends_at_its_minute(store, monkeypatch, spelt_out):
    monkeypatch.setattr(suppressions, "_MOST_SPELT_OUT", spelt_out)
    there = {"province": "CN-GD", "brand": "Neta", "destination": "KG"}
    write(store, records(
        change("a1", subject="V1", labels=there),
        change("a2", subject="V2", detector="flash_registration", labels={"province": "CN-GD"}),
    ))  # fmt: skip
    write(store, [document(export("V1", "2025-06-20"))])
    for number, scope in enumerate(SCOPES):
        until = UNTIL + timedelta(days=number)
        wanted = NewSuppression(kind="snooze", reason="stock", until=until, **scope)
        made = add_suppression(store, wanted, author="anna", now=UNTIL - timedelta(days=1))
        assert (made.reason, made.author) == ("stock", "anna")
        with store.connect() as connection:
            for now, quiet in ((until - timedelta(seconds=1), ["a1"]), (until, [])):
                only = alerts_asked(connection, AlertQuestion(suppressed="only"), now)
                assert [alert.alert_id for alert in only.alerts] == quiet, scope
                assert count_asked(connection, AlertQuestion(), now) == 2 - len(quiet), scope
