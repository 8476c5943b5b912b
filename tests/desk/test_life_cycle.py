"""The life of a case as pure functions."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from streams.desk.errors import DeskError
from streams.desk.life_cycle import (
    UNTOUCHED,
    Action,
    AlertNow,
    Assign,
    Case,
    Close,
    Investigate,
    Note,
    Reopen,
    SetTags,
    Snooze,
    Wake,
    act,
    awake,
    follow,
    wake_up,
)

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
ALERT = AlertNow(revision=1, state="firing", cause="new_evidence", evidence=("r/a/0", "r/b/0"))


def done(*actions, case=UNTOUCHED, actor="anna", now=NOON, alert=ALERT):
    for action in actions:
        case, _, _ = act(case, action, actor, now, alert)
    return case


def test_a_case_goes_its_way():
    case = done(Investigate(), SetTags(add=("fleet", "a")), Note("seen before"), Close("confirmed"))
    assert (case.version, case.state, case.outcome) == (4, "closed", "confirmed")
    assert (case.assignee, case.tags, case.decided_by) == ("anna", ("a", "fleet"), "anna")
    assert case.decided_on == ALERT.evidence
    reopened = done(Reopen("the dealer called"), case=case)
    assert (reopened.state, reopened.outcome, reopened.decided_on) == ("open", None, ())
    assert reopened.tags == ("a", "fleet")


def test_what_was_done_is_told_with_what_was_said():
    _, name, details = act(UNTOUCHED, Close("explained", "rental fleet"), "anna", NOON, ALERT)
    assert name == "close"
    assert details == {"outcome": "explained", "look_alike": "rental fleet"}


CLOSED = done(Close("useful"))


@pytest.mark.parametrize(
    ("case", "action", "said"),
    [
        (UNTOUCHED, Close("explained"), "look_alike must say by what"),
        (UNTOUCHED, Close("confirmed", "rental fleet"), "allowed with explained only"),
        (UNTOUCHED, Reopen("why"), "only a closed one"),
        (UNTOUCHED, Wake(), "only a snoozed one"),
        (UNTOUCHED, Snooze(NOON, "x"), "allowed: a time after now"),
        (UNTOUCHED, Snooze(NOON + timedelta(days=401), "x"), "at most 400 days"),
        (UNTOUCHED, Snooze(datetime(2027, 1, 1), "x"), "allowed: a time with its offset"),  # noqa: DTZ001
        (UNTOUCHED, SetTags(add=tuple(f"t{n}" for n in range(21))), "21 tags; allowed: 20"),
        (CLOSED, Investigate(), "re-open it first"),
        (CLOSED, Snooze(NOON + timedelta(days=1), "x"), "nothing to snooze"),
    ],
)
def test_what_does_not_fit_is_refused_and_says_what_does(case, action, said):
    with pytest.raises(DeskError, match=said):
        act(case, action, "anna", NOON, ALERT)


def test_a_snooze_ends_at_its_minute_wherever_it_was_written():
    shanghai = timezone(timedelta(hours=8))
    until = datetime(2027, 6, 1, tzinfo=shanghai)
    case = done(Investigate(), Snooze(until, "inventory"), Assign("bo"))
    assert (case.state, case.resumes) == ("snoozed", "investigating")
    at = datetime(2027, 5, 31, 16, tzinfo=UTC)
    assert awake(case, at - timedelta(microseconds=1)) is case
    assert wake_up(case, at - timedelta(microseconds=1)) is None
    assert (awake(case, at).state, awake(case, at).snoozed_until) == ("investigating", None)
    after, name, _ = wake_up(case, at)
    assert (after.state, after.version, name) == ("investigating", case.version + 1, "snooze_ended")
    assert wake_up(after, at) is None
    assert done(Wake(), case=case).state == "investigating"


def test_snoozing_again_does_not_forget_where_it_came_from():
    case = done(Investigate(), *(Snooze(NOON + timedelta(days=n), "x") for n in (1, 2)))
    assert (case.resumes, case.snoozed_until) == ("investigating", NOON + timedelta(days=2))


def moved(case: Case, revision: int, state="firing", cause="new_evidence", evidence=ALERT.evidence):
    alert = AlertNow(revision=revision, state=state, cause=cause, evidence=evidence)
    return follow(case, alert)


def test_a_resolved_alert_keeps_its_case_and_outcome():
    case = done(Close("false_alarm"))
    after, name, details = moved(case, 2, "resolved", "voided", ())
    assert (after.state, after.outcome, name) == ("closed", "false_alarm", "alert_resolved")
    assert details == {"revision": 2, "cause": "voided"}
    assert moved(after, 2, "resolved", "voided", ()) is None, "redelivered, it changes nothing"
    assert moved(after, 1) is None, "nor does an older change"


def test_new_evidence_reopens_and_says_why():
    case = done(Close("false_alarm"))
    after, name, details = moved(case, 2, evidence=(*ALERT.evidence, "r/c/0"))
    assert (after.state, after.outcome, name) == ("open", None, "reopened_on_new_evidence")
    assert details["documents"] == ["r/c/0"]
    assert (details["was"], details["decided_by"]) == ("false_alarm", "anna")


@pytest.mark.parametrize("evidence", [ALERT.evidence, ALERT.evidence[:1]])
def test_what_was_decided_on_does_not_reopen(evidence):
    case, _, _ = moved(done(Close("confirmed")), 2, "resolved", "reconfigured", ())
    after, name, _ = moved(case, 3, cause="reconfigured", evidence=evidence)
    assert (after.state, after.outcome, name) == ("closed", "confirmed", "alert_fired_again")


def test_an_amended_document_is_new_evidence():
    after, _, _ = moved(done(Close("confirmed")), 2, cause="amended", evidence=("r/a/1", "r/b/0"))
    assert after.state == "open"


def test_a_snooze_holds_whatever_comes():
    case = done(Snooze(NOON + timedelta(days=1), "x"))
    after, name, _ = moved(case, 5, evidence=("r/z/0",))
    assert (after.state, name) == ("snoozed", "alert_changed")


@pytest.mark.parametrize(
    "text",
    [
        b'{"action":"close","outcome":"guilty"}',
        b'{"action":"note","note":""}',
        b'{"action":"note","note":"' + b"x" * 2001 + b'"}',
        b'{"action":"tag","add":["<b>"]}',
        b'{"action":"assign","assignee":" "}',
        b'{"action":"delete"}',
    ],
)
def test_actions_are_checked_as_they_are_read(text):
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Action)
