"""What can be asked of the desk and done at it: one typed function each, for pages and programs."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from streams.desk.asking import AlertPage, alerts_asked
from streams.desk.cases import Seen, act_on_case, case_of_alert, keep_case_up, look_at
from streams.desk.errors import DeskError
from streams.desk.life_cycle import Action, Case
from streams.desk.now import DeskNow, desk_now, stands_for
from streams.desk.offering import Ask, Operations
from streams.desk.parties import PartyDetail, party_detail
from streams.desk.provinces import ProvinceDetail, crowd_of, province_detail
from streams.desk.quality import Quality, QualityQuestion, quality
from streams.desk.questions import AlertQuestion
from streams.desk.reading import AlertDetail, VehicleDetail, alert_detail, vehicle_detail
from streams.desk.suppressions import (
    NewSuppression,
    Suppression,
    add_suppression,
    all_suppressions,
    change_suppression,
    suppression,
)

MOST_AT_ONCE: Final = 200


CASES: Final = Operations()


class ProvinceQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What of a province."""

    detector: Annotated[str, Meta(max_length=200)] | None = None
    """Who is behind the alerts of this detector; without it of all."""


class ListOfSuppressions(msgspec.Struct, frozen=True):
    """What is kept quiet, ended and withdrawn ones too."""

    suppressions: tuple[Suppression, ...]


class SuppressionQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which versions."""

    versions: bool = False
    """All of them; else the newest of each."""


class AlertSeen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alert as somebody saw it."""

    alert_id: Annotated[str, Meta(max_length=200)]
    case_version: Annotated[int, Meta(ge=0)]
    revision: Annotated[int, Meta(ge=0)]


class ManyActions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One action on the cases of many alerts."""

    alerts: Annotated[tuple[AlertSeen, ...], Meta(min_length=1, max_length=MOST_AT_ONCE)]
    do: Action


class ManyDone(msgspec.Struct, frozen=True):
    """What became of each: the cases that changed, and why others did not."""

    done: dict[str, Case]
    refused: dict[str, str]


@CASES.offer("GET", "/now", "read")
def show_now(ask: Ask) -> DeskNow:
    """Tell how things stand: alerts that wait, what is newest, how feeds, workers and lag are."""
    with ask.engine.connect() as connection:
        look = partial(desk_now, connection, ask.now)
        stored = ask.around.last_now.get(stands_for(connection, ask.now), look)
    return msgspec.structs.replace(stored, installation=ask.around.installation)


@CASES.offer("GET", "/alerts", "read")
def list_alerts(ask: Ask, question: AlertQuestion) -> AlertPage:
    """List alerts, page by page."""
    with ask.engine.connect() as connection:
        return alerts_asked(connection, question, ask.now)


@CASES.offer("GET", "/alerts/{alert_id}", "read")
def show_alert(ask: Ask, alert_id: str) -> AlertDetail:
    """Show an alert with its evidence and its case."""
    keep_case_up(ask.engine, alert_id, ask.now)
    with ask.engine.connect() as connection:
        found = alert_detail(connection, alert_id, ask.now)
    if found.case.first_look_at is None and ask.person.role != "read":
        look_at(ask.engine, alert_id, ask.now)
    return found


@CASES.offer("POST", "/alerts/{alert_id}/case", "decide", needs_seen=True)
def act_on_alert(ask: Ask, alert_id: str, body: Action) -> AlertDetail:
    """Act on the case of an alert: investigate, close, reopen, assign, note, tag, snooze or wake."""
    act_on_case(ask.engine, alert_id, body, actor=ask.person.name, seen=_seen(ask.seen), now=ask.now)
    with ask.engine.connect() as connection:
        return alert_detail(connection, alert_id, ask.now)


@CASES.offer("POST", "/cases", "decide")
def act_on_many(ask: Ask, body: ManyActions) -> ManyDone:
    """Do the same to the cases of many alerts; one that has changed since is left alone, and told."""
    done: dict[str, Case] = {}
    refused: dict[str, str] = {}
    for one in body.alerts:
        try:
            done[one.alert_id] = act_on_case(
                ask.engine, one.alert_id, body.do, actor=ask.person.name,
                seen=Seen(one.case_version, one.revision), now=ask.now,
            )  # fmt: skip
        except DeskError as error:
            refused[one.alert_id] = str(error)
    return ManyDone(done, refused)


@CASES.offer("GET", "/cases/{alert_id}", "read")
def show_case(ask: Ask, alert_id: str) -> Case:
    """Show the case of an alert, even if the alert has left the store."""
    with ask.engine.connect() as connection:
        return case_of_alert(connection, alert_id)


@CASES.offer("GET", "/vehicles/{vin}", "read")
def show_vehicle(ask: Ask, vin: str) -> VehicleDetail:
    """Show a vehicle: timeline, alerts, documents as received, who is named on them."""
    with ask.engine.connect() as connection:
        return vehicle_detail(connection, vin, ask.now)


@CASES.offer("GET", "/parties/{party_id}", "read")
def show_party(ask: Ask, party_id: str) -> PartyDetail:
    """Show an owner, seller or exporter and its vehicles."""
    with ask.engine.connect() as connection:
        return party_detail(connection, party_id, ask.now)


@CASES.offer("GET", "/provinces/{province}", "read")
def show_province(ask: Ask, province: str, question: ProvinceQuestion) -> ProvinceDetail:
    """Show a province: exports, observed and expected by week, and who is behind its alerts."""
    code, detector = province.strip().upper(), question.detector
    weeks = ask.around.expectations.weeks(code, ask.now)
    look = partial(crowd_of, ask.engine, code, detector)
    crowd = ask.around.kept.get(("crowd", code, detector), look, ask.now)
    with ask.engine.connect() as connection:
        return province_detail(
            connection, province, weeks=weeks, crowd=crowd, now=ask.now, detector=detector
        )


@CASES.offer("GET", "/quality", "read")
def show_quality(ask: Ask, question: QualityQuestion) -> Quality:
    """Tell how good each detector is, from what people decided."""
    with ask.engine.connect() as connection:
        return quality(connection, question)


@CASES.offer("GET", "/exceptions", "read")
def list_suppressions(ask: Ask, question: SuppressionQuestion) -> ListOfSuppressions:
    """List snoozes of vehicles, parties and detectors, and exceptions."""
    with ask.engine.connect() as connection:
        return ListOfSuppressions(tuple(all_suppressions(connection, versions=question.versions)))


@CASES.offer("POST", "/exceptions", "decide", status=201)
def add_exception(ask: Ask, body: NewSuppression) -> Suppression:
    """Keep a kind of alert quiet; an exception, which explains it, asks for the role admin."""
    if body.kind == "exception":
        ask.person.must_be("admin")
    return add_suppression(ask.engine, body, author=ask.person.name, now=ask.now)


@CASES.offer("PUT", "/exceptions/{suppression_id}", "admin", needs_seen=True)
def change_exception(ask: Ask, suppression_id: str, body: NewSuppression) -> Suppression:
    """Put another version in the place of a snooze or an exception."""
    return change_suppression(
        ask.engine, suppression_id, body, version=_number(ask.seen), author=ask.person.name, now=ask.now
    )


@CASES.offer("DELETE", "/exceptions/{suppression_id}", "decide", needs_seen=True)
def withdraw_exception(ask: Ask, suppression_id: str) -> Suppression:
    """Withdraw a snooze, or an exception with the role admin; its versions are kept."""
    with ask.engine.connect() as connection:
        if suppression(connection, suppression_id).kind == "exception":
            ask.person.must_be("admin")
    return change_suppression(
        ask.engine, suppression_id, None, version=_number(ask.seen), author=ask.person.name, now=ask.now
    )


def _seen(text: str | None) -> Seen:
    version, _, revision = (text or "").partition(".")
    if not (_is_number(version) and _is_number(revision)):
        raise DeskError(f"If-Match is {text!r}; allowed: the ETag of the alert as you saw it")
    return Seen(int(version), int(revision))


def _number(text: str | None) -> int:
    if text is None or not _is_number(text):
        raise DeskError(f"If-Match is {text!r}; allowed: the ETag of the exception as you saw it")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18  # noqa: PLR2004 - what a database can hold
