"""Cases in the database: who wins, what is kept, and what the log has of it."""

import json
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from streams.desk.cases import Seen, act_on_case, case_of_alert, events_of, keep_up, look_at
from streams.desk.errors import CaseConflictError, DeskError, NotThereError
from streams.desk.life_cycle import UNTOUCHED, Assign, Close, Investigate, Note, SetTags, Snooze
from streams.desk.suppressions import (
    NewSuppression,
    add_suppression,
    all_suppressions,
    change_suppression,
)
from streams.evidence import tree
from streams.store.case import Question, case_of
from streams.store.log import entry_of, tiles_of
from streams.store.writing import write
from tests.store.changes import change, document, records, registration

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
FIRST = Seen(0, 0)


@pytest.fixture
def alerts(store: sa.Engine) -> sa.Engine:
    write(store, records(change("a1", subject="V1"), change("a2")))
    return store


def case(engine, alert_id="a1"):
    with engine.connect() as connection:
        return case_of_alert(connection, alert_id)


def events(engine, alert_id="a1"):
    with engine.connect() as connection:
        return events_of(connection, alert_id)


def test_a_decision_is_kept_with_its_event_and_in_the_log(alerts):
    assert case(alerts) is UNTOUCHED
    act_on_case(alerts, "a1", Investigate(), actor="anna", seen=FIRST, now=NOON)
    act_on_case(alerts, "a1", SetTags(add=("fleet",)), actor="anna", seen=Seen(1, 0), now=NOON)
    done = act_on_case(alerts, "a1", Close("confirmed"), actor="bo", seen=Seen(2, 0), now=NOON)

    assert case(alerts) == done
    assert (done.outcome, done.decided_by, done.decided_at, done.tags) == (
        "confirmed", "bo", NOON, ("fleet",),
    )  # fmt: skip
    told = [(event.version, event.actor, event.action, event.at) for event in events(alerts)]
    assert told == [
        (1, "anna", "investigate", NOON), (2, "anna", "tag", NOON), (3, "bo", "close", NOON),
    ]  # fmt: skip
    with alerts.connect() as connection:
        size = connection.execute(sa.text("SELECT size FROM log_head")).scalar_one()
        logged = connection.execute(
            sa.text("SELECT * FROM received_records WHERE kind = 'case' ORDER BY leaf_index")
        ).all()
        read = tiles_of(connection)
        root = tree.root(read, size)
        for row in logged:
            proof = tree.inclusion_proof(read, row.leaf_index, size)
            leaf = entry_of(row).leaf()
            assert tree.root_from_inclusion(row.leaf_index, size, leaf, proof) == root
    assert [row.belongs_to for row in logged] == ["a1"] * 3
    assert b'"outcome":"confirmed"' in bytes(logged[-1].value)


def test_of_two_at_one_case_one_wins_and_the_other_is_told(alerts):
    outcomes, start = [], threading.Barrier(2)

    def decide(actor, outcome):
        start.wait()
        try:
            act_on_case(alerts, "a1", Close(outcome), actor=actor, seen=FIRST, now=NOON)
            outcomes.append(actor)
        except CaseConflictError as error:
            outcomes.append(error)

    people = [
        threading.Thread(target=decide, args=pair)
        for pair in (("anna", "confirmed"), ("bo", "false_alarm"))
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    (winner,) = [done for done in outcomes if isinstance(done, str)]
    (told,) = [done for done in outcomes if not isinstance(done, str)]
    assert f"{winner} did 'close' at 2026-11-28T12:00:00+00:00 (version 1)" in str(told)
    assert case(alerts).decided_by == winner
    assert len(events(alerts)) == 1


def test_who_saw_an_older_alert_is_told(alerts):
    write(alerts, records(change("a1", 1)))
    with pytest.raises(CaseConflictError, match="it is in revision 1, and you saw 0"):
        act_on_case(alerts, "a1", Close("confirmed"), actor="anna", seen=FIRST, now=NOON)
    assert events(alerts) == []


def test_no_alert_no_case(alerts):
    with pytest.raises(NotThereError, match="no alert 'nothing'"):
        act_on_case(alerts, "nothing", Note("x"), actor="anna", seen=FIRST, now=NOON)


def test_what_is_refused_leaves_nothing(alerts):
    with pytest.raises(DeskError):
        act_on_case(alerts, "a1", Close("explained"), actor="anna", seen=FIRST, now=NOON)
    assert events(alerts) == []
    assert case(alerts) is UNTOUCHED


def test_the_first_look_is_kept_and_is_no_decision(alerts):
    look_at(alerts, "a1", NOON)
    look_at(alerts, "a1", NOON + timedelta(hours=1))
    assert (case(alerts).first_look_at, case(alerts).version) == (NOON, 0)
    act_on_case(alerts, "a1", Assign("bo"), actor="anna", seen=FIRST, now=NOON + timedelta(hours=2))
    assert (case(alerts).first_look_at, case(alerts).version) == (NOON, 1)


def test_redelivery_and_re_evaluation_leave_a_case_alone(alerts):
    act_on_case(alerts, "a1", Close("confirmed"), actor="anna", seen=FIRST, now=NOON)
    write(alerts, records(change("a1"), change("a1")))
    assert keep_up(alerts, NOON) == 0
    evidence = change("a1")["evidence"]
    write(alerts, records(change("a1", 1, severity="low", cause="reconfigured", evidence=evidence)))
    assert keep_up(alerts, NOON) == 1
    assert keep_up(alerts, NOON) == 0, "once is enough"
    assert (case(alerts).state, events(alerts)[-1].action) == ("closed", "alert_changed")


def test_withdrawn_evidence_resolves_and_new_evidence_reopens(alerts):
    act_on_case(alerts, "a1", Close("false_alarm"), actor="anna", seen=FIRST, now=NOON)
    write(alerts, records(change("a1", 1, state="resolved", cause="voided", evidence=[])))
    keep_up(alerts, NOON)
    assert (case(alerts).state, case(alerts).outcome) == ("closed", "false_alarm")
    write(alerts, records(change("a1", 2)))
    keep_up(alerts, NOON)
    assert (case(alerts).state, case(alerts).outcome) == ("open", None)
    last = events(alerts)[-1]
    assert (last.actor, last.action) == ("zeromile", "reopened_on_new_evidence")
    assert last.details["documents"] == ["registry/a1-2-0/0", "registry/a1-2-1/0"]
    assert last.details["was"] == "false_alarm"


def test_a_case_outlives_its_alert(alerts):
    act_on_case(alerts, "a1", Snooze(NOON + timedelta(days=1), "x"), actor="anna", seen=FIRST, now=NOON)
    with alerts.begin() as connection:
        connection.execute(sa.text("DELETE FROM alerts WHERE alert_id = 'a1'"))
    keep_up(alerts, NOON + timedelta(hours=23))
    assert case(alerts).state == "snoozed"
    keep_up(alerts, NOON + timedelta(days=1))
    assert case(alerts).state == "open"
    assert [event.action for event in events(alerts)] == ["snooze", "snooze_ended"]


@pytest.mark.parametrize("table", ["case_events", "suppressions"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET version = 9", "DELETE FROM {}"])
def test_the_database_itself_refuses_to_rewrite_history(alerts, table, statement):
    act_on_case(alerts, "a1", Note("x"), actor="anna", seen=FIRST, now=NOON)
    if table == "suppressions":
        with alerts.begin() as connection:
            connection.execute(
                sa.text(
                    "INSERT INTO suppressions (suppression_id, version, kind, reason, author, "
                    "made_at, until, withdrawn) "
                    "VALUES ('s', 1, 'snooze', 'r', 'a', '2026-01-01', '2026-01-02', FALSE)"
                )
            )
    with pytest.raises(DBAPIError, match="append-only"), alerts.begin() as connection:
        connection.execute(sa.text(statement.format(table)))


def test_a_pack_holds_what_was_decided(alerts):
    write(alerts, [document(registration("V1", "2025-06-17"), 1)])
    act_on_case(alerts, "a1", Close("confirmed"), actor="anna", seen=FIRST, now=NOON)
    file = case_of(alerts, Question(alert_id="a1"), None, NOON)
    assert [record.kind for record in file.records] == ["alert", "document", "case"]


def test_the_log_and_a_pack_hold_what_kept_its_alerts_quiet(alerts):
    write(alerts, [document(registration("V1", "2025-06-17"), 1)])
    later = NOON + timedelta(days=9)

    def quiet(**scope):
        return NewSuppression(kind="exception", reason="their own cars", until=later, **scope)

    made = add_suppression(alerts, quiet(party_id="o1"), author="anna", now=NOON)
    add_suppression(alerts, quiet(vin="V2"), author="anna", now=NOON)
    change_suppression(alerts, made.suppression_id, None, version=1, author="bo", now=NOON)
    file = case_of(alerts, Question(alert_id="a1"), None, NOON)
    told = [record for record in file.records if record.kind == "suppression"]
    assert [json.loads(record.value) for record in told] == [
        json.loads(msgspec.json.encode(version)) for version in _versions(alerts, made.suppression_id)
    ]
    assert [(record.about, record.revision) for record in told] == [
        (made.suppression_id, 1), (made.suppression_id, 2),
    ]  # fmt: skip
    assert [json.loads(record.value)["author"] for record in told] == ["anna", "bo"]


def _versions(engine, suppression_id):
    with engine.connect() as connection:
        found = all_suppressions(connection, versions=True)
    return [one for one in reversed(found) if one.suppression_id == suppression_id]


def test_of_two_who_change_an_exception_one_wins(alerts):
    wanted = NewSuppression(kind="snooze", reason="x", until=NOON + timedelta(days=9), vin="V1")
    made = add_suppression(alerts, wanted, author="anna", now=NOON)
    done = []

    def change_it(author):
        try:
            change_suppression(alerts, made.suppression_id, wanted, version=1, author=author, now=NOON)
            done.append("won")
        except CaseConflictError as error:
            done.append(str(error).partition(" by ")[0])

    threads = [threading.Thread(target=change_it, args=(name,)) for name in ("anna", "bo", "cy")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [*[f"suppression {made.suppression_id} is in version 2"] * 2, "won"]
