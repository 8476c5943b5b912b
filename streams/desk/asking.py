"""Which alerts answer a question, page by page."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from detectors.findings import SEVERITIES, Severity
from streams.desk.errors import DeskError
from streams.desk.life_cycle import CaseState, Outcome
from streams.desk.questions import MOST_COUNTED, AlertQuestion, Order
from streams.desk.suppressions import is_suppressed, vehicles_of
from streams.desk.tables import alerts, cases

_ORDERS: Final[dict[Order, tuple[sa.ColumnElement[Any], ...]]] = {
    "worst": (alerts.c.severity_rank, alerts.c.score, alerts.c.alert_id),
    "newest": (alerts.c.detected_at, alerts.c.alert_id),
    "latest": (alerts.c.civil_day, alerts.c.alert_id),
}
"""What each order sorts by, downwards, and pages go on from."""
_KEYS: Final[dict[Order, Any]] = {
    "worst": tuple[int, float, str],
    "newest": tuple[datetime, str],
    "latest": tuple[int, str],
}


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
    """Asks for the next page; `null` on the last one."""
    count: int
    """Alerts that answer, counted up to a thousand."""
    more_than_counted: bool


def alerts_asked(connection: sa.Connection, question: AlertQuestion, now: datetime) -> AlertPage:
    """A page of the alerts that answer a question.

    Raises
    ------
    DeskError
        If the question goes on from a place that is none.
    """
    quiet = is_suppressed(connection, now)
    wanted = _conditions(question, now, quiet)
    keys = _ORDERS[question.order]
    query = (
        _selected(now, quiet)
        .where(*wanted)
        .order_by(*(key.desc() for key in keys))
        .limit(question.limit + 1)
    )
    if question.after is not None:
        query = query.where(_beyond(keys, _read_place(question.order, question.after)))
    rows = connection.execute(query).all()
    shown = tuple(map(row_of, rows[: question.limit]))
    more = len(rows) > question.limit
    whole = question.after is None and not more
    count = len(rows) if whole else _counted(connection, wanted)
    return AlertPage(
        alerts=shown,
        after=_place(question.order, rows[question.limit - 1]) if more else None,
        count=min(count, MOST_COUNTED),
        more_than_counted=count > MOST_COUNTED,
    )


def count_asked(connection: sa.Connection, question: AlertQuestion, now: datetime) -> int:
    """How many alerts answer a question, counted up to a thousand."""
    wanted = _conditions(question, now, is_suppressed(connection, now))
    return min(_counted(connection, wanted), MOST_COUNTED)


def _counted(connection: sa.Connection, wanted: Sequence[sa.ColumnElement[bool]]) -> int:
    some = sa.select(sa.literal(1)).select_from(_WITH_CASE).where(*wanted).limit(MOST_COUNTED + 1)
    count: int = connection.execute(
        sa.select(sa.func.count()).select_from(some.subquery())
    ).scalar_one()
    return count


def alerts_where(
    connection: sa.Connection, now: datetime, *conditions: sa.ColumnElement[bool], limit: int
) -> tuple[AlertRow, ...]:
    """Alerts that fulfil conditions, the worst first."""
    order = (key.desc() for key in _ORDERS["worst"])
    query = _selected(now, is_suppressed(connection, now)).where(*conditions)
    return tuple(map(row_of, connection.execute(query.order_by(*order).limit(limit))))


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


def _conditions(
    question: AlertQuestion, now: datetime, quiet: sa.ColumnElement[bool]
) -> list[sa.ColumnElement[bool]]:
    same = {
        "detector": alerts.c.detector, "province": alerts.c.province,
        "brand": alerts.c.brand, "destination": alerts.c.destination, "outcome": cases.c.outcome,
        "assignee": cases.c.assignee,
    }  # fmt: skip
    wanted: list[sa.ColumnElement[bool]] = [
        column == value
        for name, column in same.items()
        if (value := getattr(question, name)) is not None
    ]
    if question.severity is not None:
        # The rank is what the index is by.
        wanted.append(alerts.c.severity_rank == SEVERITIES.index(question.severity) + 1)
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
    return wanted + _of_the_case(question, now, quiet) + _by_words(question)


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


def _by_words(question: AlertQuestion) -> list[sa.ColumnElement[bool]]:
    said = alerts.c.title + " " + alerts.c.explanation + " " + alerts.c.subject
    return [
        sa.func.lower(said).contains(word.lower(), autoescape=True)
        for word in (question.text or "").split()
    ]


def _beyond(keys: tuple[sa.ColumnElement[Any], ...], place: Any) -> sa.ColumnElement[bool]:
    return sa.tuple_(*keys) < sa.tuple_(
        *(sa.bindparam(None, value, type_=key.type) for key, value in zip(keys, place, strict=True))
    )


def _place(order: Order, row: Any) -> str:
    values = [getattr(row, key.name) for key in _ORDERS[order]]
    return urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def _read_place(order: Order, text: str) -> Any:
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(raw, type=_KEYS[order])
    except (ValueError, msgspec.MsgspecError):
        raise DeskError(
            f"after is {text[:60]!r}; allowed: what a page said itself, in the same order"
        ) from None
