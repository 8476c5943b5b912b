"""The life of a case, as pure functions: what was, what somebody does, what is then.

A case belongs to one alert. An alert that nobody touched has the case :data:`UNTOUCHED`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from streams.desk.errors import DeskError

CaseState = Literal["open", "investigating", "closed", "snoozed"]
Outcome = Literal["confirmed", "useful", "false_alarm", "explained"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("confirmed", "useful", "false_alarm", "explained")
CASE_STATES: Final[tuple[CaseState, ...]] = ("open", "investigating", "closed", "snoozed")
LONGEST_SNOOZE: Final = timedelta(days=400)
MOST_TAGS: Final = 20
NOBODY: Final = "zeromile"
"""Actor of what no person did."""

Words = Annotated[str, Meta(min_length=1, max_length=2000)]
ShortText = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^\S(.*\S)?$")]
Tag = Annotated[str, Meta(max_length=40, pattern=r"^[\w][\w.:-]*$")]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What people made of an alert so far."""

    version: int = 0
    state: CaseState = "open"
    outcome: Outcome | None = None
    look_alike: str | None = None
    assignee: str | None = None
    tags: tuple[str, ...] = ()
    snoozed_until: datetime | None = None
    resumes: CaseState | None = None
    """State that a snoozed case goes back to."""
    first_look_at: datetime | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    decided_on: tuple[str, ...] = ()
    """Documents (source/event id/revision) that the alert rested on when it was decided."""
    alert_revision: int = 0
    alert_state: Literal["firing", "resolved"] = "firing"


UNTOUCHED: Final = Case()


class Investigate(msgspec.Struct, frozen=True, tag_field="action", tag="investigate"):
    """Take the case up; it is assigned to whoever does."""


class Close(msgspec.Struct, frozen=True, tag_field="action", tag="close"):
    """Decide."""

    outcome: Outcome
    look_alike: ShortText | None = None
    """What explains it; asked for with the outcome `explained`, and with no other."""
    note: Words | None = None


class Reopen(msgspec.Struct, frozen=True, tag_field="action", tag="reopen"):
    """Take a decision back."""

    note: Words


class Assign(msgspec.Struct, frozen=True, tag_field="action", tag="assign"):
    """Give the case to somebody, or to nobody."""

    assignee: ShortText | None


class Note(msgspec.Struct, frozen=True, tag_field="action", tag="note"):
    """Say something about the case."""

    note: Words


class SetTags(msgspec.Struct, frozen=True, tag_field="action", tag="tag"):
    """Put tags on the case and take tags off."""

    add: tuple[Tag, ...] = ()
    remove: tuple[Tag, ...] = ()


class Snooze(msgspec.Struct, frozen=True, tag_field="action", tag="snooze"):
    """Leave the case alone until then."""

    until: datetime
    reason: Words


class Wake(msgspec.Struct, frozen=True, tag_field="action", tag="wake"):
    """End a snooze before its time."""


Action = Investigate | Close | Reopen | Assign | Note | SetTags | Snooze | Wake


class AlertNow(msgspec.Struct, frozen=True, kw_only=True):
    """The alert as it stands when somebody acts, or when it moved."""

    revision: int
    state: Literal["firing", "resolved"]
    cause: str
    evidence: tuple[str, ...]


class CaseEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a case."""

    alert_id: str
    version: int
    at: datetime
    actor: str
    action: str
    details: dict[str, Any]


Step = tuple[Case, str, dict[str, Any]]
"""The case afterwards, the name of what happened, and its details."""


def act(case: Case, action: Action, actor: str, now: datetime, alert: AlertNow) -> Step:
    """Let a person act on a case.

    Parameters
    ----------
    case
        The case as it is.
    action
        What is done.
    actor
        Who does it.
    now
        The present, with its offset.
    alert
        The alert as the person sees it.

    Raises
    ------
    DeskError
        If the action does not fit the case, or holds a value that is not allowed.
    """
    changes = {
        "version": case.version + 1,
        "first_look_at": case.first_look_at or now,
        **_changes(awake(case, now), action, actor, now, alert),
    }
    details = {
        name: value
        for name, value in msgspec.to_builtins(action).items()
        if name != "action" and value not in (None, [])
    }
    after = msgspec.structs.replace(awake(case, now), **changes)
    return after, action.__struct_config__.tag, details  # type: ignore[return-value] # a text


def awake(case: Case, now: datetime) -> Case:
    """The case as it is at a moment: a snooze that is over has ended."""
    if case.state != "snoozed" or case.snoozed_until is None or now < case.snoozed_until:
        return case
    return msgspec.structs.replace(case, **_woken(case))


def wake_up(case: Case, now: datetime) -> Step | None:
    """End a snooze whose time has come, for the record."""
    after = awake(case, now)
    if after is case or case.snoozed_until is None:
        return None
    details = {"until": case.snoozed_until.isoformat()}
    return msgspec.structs.replace(after, version=case.version + 1), "snooze_ended", details


def follow(case: Case, alert: AlertNow) -> Step | None:
    """Let a case follow its alert: a closed one re-opens on documents that were not decided on.

    A resolved alert keeps its case and its outcome. A snooze holds whatever comes: that is what it is
    for. An alert that fires again on the same documents, or on fewer, was decided already.
    """
    if alert.revision <= case.alert_revision:
        return None
    known = {"alert_revision": alert.revision, "alert_state": alert.state}
    details: dict[str, Any] = {"revision": alert.revision, "cause": alert.cause}
    new = sorted(set(alert.evidence) - set(case.decided_on))
    reopens = alert.state == "firing" and case.state == "closed" and bool(new)
    if not reopens:
        moved = alert.state != case.alert_state
        name = {"firing": "alert_fired_again", "resolved": "alert_resolved"}[alert.state]
        after = msgspec.structs.replace(case, version=case.version + 1, **known)
        return after, name if moved else "alert_changed", details
    details |= {"documents": new, "was": case.outcome, "decided_by": case.decided_by}
    after = msgspec.structs.replace(
        case, **{"version": case.version + 1, "state": "open", **_UNDECIDED, **known}
    )
    return after, "reopened_on_new_evidence", details


def _changes(
    case: Case, action: Action, actor: str, now: datetime, alert: AlertNow
) -> Mapping[str, Any]:
    changes: dict[str, Any] = {}
    match action:
        case Investigate():
            _refuse_if(case.state == "closed", "the case is closed; re-open it first")
            changes = {"state": "investigating", "assignee": actor, **_NO_SNOOZE}
        case Close():
            changes = _closed(action, actor, now, alert)
        case Reopen():
            _refuse_if(case.state != "closed", f"the case is {case.state}; only a closed one re-opens")
            changes = {"state": "open", **_UNDECIDED}
        case Assign():
            changes = {"assignee": action.assignee}
        case SetTags():
            changes = {"tags": _tagged(case.tags, action)}
        case Snooze():
            changes = _snoozed(case, action, now)
        case Wake():
            _refuse_if(case.state != "snoozed", f"the case is {case.state}; only a snoozed one wakes")
            changes = _woken(case)
        case Note():
            pass
    return changes


_NO_SNOOZE: Final = {"snoozed_until": None, "resumes": None}
_UNDECIDED: Final = {
    "outcome": None, "look_alike": None, "decided_at": None, "decided_by": None, "decided_on": (),
}  # fmt: skip


def _refuse_if(condition: bool, message: str) -> None:
    if condition:
        raise DeskError(message)


def _closed(action: Close, actor: str, now: datetime, alert: AlertNow) -> dict[str, Any]:
    explained = action.outcome == "explained"
    _refuse_if(
        explained and action.look_alike is None,
        "the outcome is explained; look_alike must say by what, for example a rental fleet",
    )
    _refuse_if(
        not explained and action.look_alike is not None,
        f"look_alike is given with the outcome {action.outcome}; it is allowed with explained only",
    )
    return {
        "state": "closed", "outcome": action.outcome, "look_alike": action.look_alike,
        "decided_at": now, "decided_by": actor, "decided_on": alert.evidence, **_NO_SNOOZE,
    }  # fmt: skip


def _tagged(tags: tuple[str, ...], action: SetTags) -> tuple[str, ...]:
    after = tuple(sorted({*tags, *action.add} - set(action.remove)))
    _refuse_if(len(after) > MOST_TAGS, f"the case would have {len(after)} tags; allowed: {MOST_TAGS}")
    return after


def _snoozed(case: Case, action: Snooze, now: datetime) -> dict[str, Any]:
    _refuse_if(case.state == "closed", "the case is closed; there is nothing to snooze")
    until = instant(action.until, "until")
    _refuse_if(
        not now < until <= now + LONGEST_SNOOZE,
        f"until is {until.isoformat()}; allowed: a time after now ({now.isoformat()}), "
        f"at most {LONGEST_SNOOZE.days} days away",
    )
    resumes = case.resumes if case.state == "snoozed" else case.state
    return {"state": "snoozed", "snoozed_until": until, "resumes": resumes}


def instant(value: datetime, field: str) -> datetime:
    """A moment that everybody means the same by; refused without its offset.

    Raises
    ------
    DeskError
        If it has none.
    """
    _refuse_if(
        value.tzinfo is None,
        f"{field} is {value.isoformat()}; allowed: a time with its offset, 2027-06-01T00:00:00+08:00",
    )
    return value


def _woken(case: Case) -> dict[str, Any]:
    return {"state": case.resumes or "open", **_NO_SNOOZE}
