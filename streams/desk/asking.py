"""Which alerts answer a question, page by page."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from detectors.findings import SEVERITIES, Severity
from streams.desk.life_cycle import CaseState, Outcome
from streams.desk.paging import Asked, count_for, counted, in_order, page_of_rows
from streams.desk.questions import MOST_COUNTED, AlertQuestion
from streams.desk.searching import holds_words
from streams.desk.suppressions import is_suppressed, vehicles_of
from streams.desk.tables import alerts, cases


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """An alert with its case, as a list shows it."""

    alert_id: str
    revision: int
    state: str
    detector: str
    detector_version: int
    subject_type: str
    subject: str
    severity: Severity
    score: float
    occurred_on: str
    detected_at: datetime
    title: str
    explanation: str
    province: str | None
    brand: str | None
    destination: str | None
    shadow: bool
    case_version: int
    case_state: CaseState
    outcome: Outcome | None
    assignee: str | None
    suppressed: bool


class AlertPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of alerts."""

    alerts: tuple[AlertRow, ...]
    after: str | None
    """Asks for the next page; `null` on the last one. A page may be short, or empty, and yet go on."""
    count: int
    """Alerts that answer, counted up to a thousand, and among the first few thousand in the order."""
    more_than_counted: bool
    """Whether there are more, or may be."""


def alerts_asked(connection: sa.Connection, question: AlertQuestion, now: datetime) -> AlertPage:
    """A page of the alerts that answer a question.

    Raises
    ------
    DeskError
        If the question goes on from a place that is none.
    """
    quiet = is_suppressed(connection, now)
    asked = _asked(connection, question, now, quiet)
    query = _selected(now, quiet)
    page = page_of_rows(connection, question, query, asked)
    count, more = count_for(connection, question.order, query, asked, page)
    return AlertPage(
        alerts=tuple(map(row_of, page.rows)),
        after=page.after,
        count=count,
        more_than_counted=more,
    )


def first_alerts(
    connection: sa.Connection, question: AlertQuestion, now: datetime
) -> tuple[AlertRow, ...]:
    """The first alerts that answer a question, without counting them."""
    quiet = is_suppressed(connection, now)
    asked = _asked(connection, question, now, quiet)
    return tuple(map(row_of, page_of_rows(connection, question, _selected(now, quiet), asked).rows))


def count_asked(connection: sa.Connection, question: AlertQuestion, now: datetime) -> int:
    """How many alerts answer a question, counted up to a thousand."""
    asked = _asked(connection, question, now, is_suppressed(connection, now))
    alone = sa.select(alerts.c.alert_id).select_from(_WITH_CASE)
    number = counted(connection, alone, (*asked.same, *asked.other), MOST_COUNTED)
    return min(number, MOST_COUNTED)


def alerts_where(
    connection: sa.Connection, now: datetime, *conditions: sa.ColumnElement[bool], limit: int
) -> tuple[AlertRow, ...]:
    """Alerts that fulfil conditions, the worst first."""
    query = _selected(now, is_suppressed(connection, now)).where(*conditions)
    return tuple(map(row_of, connection.execute(in_order(query, "worst").limit(limit))))


def one_alert(connection: sa.Connection, now: datetime, alert_id: str) -> Any:
    """The row of an alert with its case and what a list does not show; `None` where there is none."""
    query = _selected(now, is_suppressed(connection, now)).add_columns(*_NOT_LISTED)
    return connection.execute(query.where(alerts.c.alert_id == alert_id)).one_or_none()


def not_quiet(connection: sa.Connection, now: datetime) -> sa.ColumnElement[bool]:
    """Condition on alerts with their cases: neither an exception nor any snooze keeps it quiet."""
    return ~is_suppressed(connection, now) & (_state_at(now) != "snoozed")


def counted_by_severity(
    connection: sa.Connection, *conditions: sa.ColumnElement[bool]
) -> dict[str, int]:
    """How many alerts fulfil conditions, by severity."""
    number = sa.func.count().label("number")
    query = sa.select(alerts.c.severity, number).select_from(_WITH_CASE).where(*conditions)
    rows = connection.execute(query.group_by(alerts.c.severity))
    return {row.severity: row.number for row in rows}


_NOT_LISTED: Final = [alerts.c[name] for name in ("cause", "model_id", "policy_id", "facts", "labels")]


def row_of(row: Any) -> AlertRow:
    """An alert with its case, from a row of the joined tables."""
    values = {name: getattr(row, name) for name in AlertRow.__struct_fields__}
    return AlertRow(**values)


_WITH_CASE: Final = alerts.outerjoin(cases, cases.c.alert_id == alerts.c.alert_id)


def _state_at(now: datetime) -> sa.ColumnElement[str]:
    """State of the case at this moment: a snooze that is over has ended."""
    over = (cases.c.state == "snoozed") & (cases.c.snoozed_until <= now)
    return sa.case((over, cases.c.resumes), else_=sa.func.coalesce(cases.c.state, "open"))


def _selected(now: datetime, quiet: sa.ColumnElement[bool]) -> sa.Select[Any]:
    own = ("case_version", "case_state", "outcome", "assignee", "suppressed")
    columns = [alerts.c[name] for name in AlertRow.__struct_fields__ if name not in own]
    return sa.select(
        *columns,
        alerts.c.severity_rank,
        alerts.c.civil_day,
        sa.func.coalesce(cases.c.version, 0).label("case_version"),
        _state_at(now).label("case_state"),
        cases.c.outcome,
        cases.c.assignee,
        quiet.label("suppressed"),
    ).select_from(_WITH_CASE)


_SELECTIVE: Final = ("vin", "party", "outcome", "assignee", "tag")


def _asked(
    connection: sa.Connection, question: AlertQuestion, now: datetime, quiet: sa.ColumnElement[bool]
) -> Asked:
    selective = any(getattr(question, name) is not None for name in _SELECTIVE)
    touched = question.case in ("investigating", "closed", "snoozed")
    only = "only" in (question.suppressed, question.trial)
    other, few = _other(question, now, quiet), False
    if question.text is not None:
        words, few = holds_words(connection, question.text)
        other.append(words)
    return Asked(_same(question), other, selective or touched or only or few)


def _same(question: AlertQuestion) -> list[sa.ColumnElement[bool]]:
    """Conditions on single columns that lists of the worst have an index for."""
    columns = (alerts.c.detector, alerts.c.province, alerts.c.brand, alerts.c.destination)
    wanted = [
        column == value for column in columns if (value := getattr(question, column.name)) is not None
    ]
    if question.severity is not None:
        # The rank is what the index is by.
        wanted.append(alerts.c.severity_rank == SEVERITIES.index(question.severity) + 1)
    return wanted


def _other(
    question: AlertQuestion, now: datetime, quiet: sa.ColumnElement[bool]
) -> list[sa.ColumnElement[bool]]:
    wanted: list[sa.ColumnElement[bool]] = [
        column == value
        for column in (cases.c.outcome, cases.c.assignee)
        if (value := getattr(question, column.name)) is not None
    ]
    if question.state != "any":
        wanted.append(alerts.c.state == question.state)
    if question.vin is not None:
        vin = question.vin.upper()
        wanted += [alerts.c.subject_type == "vehicle", alerts.c.subject == vin]
    if question.party is not None:
        wanted += [
            alerts.c.subject_type == "vehicle",
            alerts.c.subject.in_(vehicles_of(question.party)),
        ]
    if question.first is not None:
        wanted.append(alerts.c.civil_day >= question.first.toordinal())
    if question.last is not None:
        wanted.append(alerts.c.civil_day <= question.last.toordinal())
    return wanted + _of_the_case(question, now, quiet)


def _of_the_case(
    question: AlertQuestion, now: datetime, quiet: sa.ColumnElement[bool]
) -> list[sa.ColumnElement[bool]]:
    wanted: list[sa.ColumnElement[bool]] = []
    if question.case == "undecided":
        wanted.append(_state_at(now).in_(("open", "investigating")))
    elif question.case == "closed":
        wanted.append(cases.c.state == "closed")  # at any time, so that its index is of use
    elif question.case is not None:
        wanted.append(_state_at(now) == question.case)
        if question.case != "open":
            wanted.append(cases.c.state.in_((question.case, "snoozed")))
    if question.tag is not None:
        # Tags are a JSON list of texts without quotation marks.
        wanted += [
            cases.c.version >= 0,
            sa.cast(cases.c.tags, sa.Text).contains(f'"{question.tag}"', autoescape=True),
        ]
    for shown, condition in ((question.suppressed, quiet), (question.trial, alerts.c.shadow.is_(True))):
        if shown != "show":
            wanted.append(condition if shown == "only" else ~condition)
    return wanted
