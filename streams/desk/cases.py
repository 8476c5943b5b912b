"""Cases in the database: read, acted upon one at a time, and kept up with their alerts.

Every change writes its event, and the event goes into the log, in one transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from streams.desk.errors import CaseConflictError, DeskError, NotThereError
from streams.desk.life_cycle import (
    NOBODY,
    UNTOUCHED,
    Action,
    AlertNow,
    Case,
    CaseEvent,
    Step,
    act,
    follow,
    wake_up,
)
from streams.desk.tables import DESK_TOPIC, alert_history, alerts, case_events, cases, evidence
from streams.store.log import append_received, lock_log
from streams.store.received import receive
from streams.store.records import StoredRecord

_BATCH: Final = 500
_FIELDS: Final = Case.__struct_fields__


def case_of_alert(connection: sa.Connection, alert_id: str) -> Case:
    """The case of an alert; :data:`UNTOUCHED` where nobody touched it."""
    row = connection.execute(sa.select(cases).where(cases.c.alert_id == alert_id)).one_or_none()
    return UNTOUCHED if row is None else case_from(row)


def case_from(row: Any) -> Case:
    """A case from its row."""
    values = {name: getattr(row, name) for name in _FIELDS}
    return Case(**values | {name: tuple(values[name]) for name in ("tags", "decided_on")})


def events_of(connection: sa.Connection, alert_id: str) -> list[CaseEvent]:
    """All that happened to a case, the first first."""
    query = (
        sa.select(case_events)
        .where(case_events.c.alert_id == alert_id)
        .order_by(case_events.c.event_number)
    )
    return [
        CaseEvent(
            alert_id=row.alert_id, version=row.version, at=row.at, actor=row.actor, action=row.action,
            details=row.details,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


class Seen(NamedTuple):
    """What a person had before their eyes when they decided."""

    version: int
    """Of the case."""
    revision: int
    """Of its alert."""


def act_on_case(
    engine: sa.Engine, alert_id: str, action: Action, *, actor: str, seen: Seen, now: datetime
) -> Case:
    """Let a person act on a case as they saw it.

    Raises
    ------
    NotThereError
        If there is no such alert.
    CaseConflictError
        If the case or its alert has changed since; the message says who did what.
    DeskError
        If the action does not fit the case.
    """
    keep_case_up(engine, alert_id, now)
    with engine.begin() as connection:
        alert = _alert(connection, alert_id)
        case = case_of_alert(connection, alert_id)
        if case.version != seen.version:
            raise _conflict(connection, alert_id, case)
        if alert.revision != seen.revision:
            raise CaseConflictError(
                f"alert {alert_id} has changed ({alert.cause}): it is in revision {alert.revision}, "
                f"and you saw {seen.revision}; load it again"
            )
        known = case if case is not UNTOUCHED else _first(alert)
        step = act(known, action, actor, now, _alert_now(connection, alert))
        if not _written(connection, alert_id, alert, case, step, actor=actor, now=now):
            raise _conflict(connection, alert_id, case_of_alert(connection, alert_id))
        return step[0]


def look_at(engine: sa.Engine, alert_id: str, now: datetime) -> None:
    """Keep when somebody looked at an alert for the first time."""
    with engine.begin() as connection:
        alert = _alert(connection, alert_id)
        first = msgspec.structs.replace(_first(alert), first_look_at=now)
        if not _insert(connection, alert, first):
            connection.execute(
                sa.update(cases)
                .where(cases.c.alert_id == alert_id, cases.c.first_look_at.is_(None))
                .values(first_look_at=now)
            )


def keep_up(engine: sa.Engine, now: datetime) -> int:
    """Let cases follow their alerts, and end snoozes that are over; returns how many cases moved.

    Run again and again by the desk. What is there already changes nothing, so two desks may do it.
    """
    moved = 0
    while True:
        with engine.connect() as connection:
            waiting: Sequence[str] = connection.execute(_waiting(now)).scalars().all()  # type: ignore[assignment] # one column, texts
        done = sum(keep_case_up(engine, alert_id, now) for alert_id in waiting)
        moved += done
        if len(waiting) < _BATCH or not done:
            return moved


def _waiting(now: datetime) -> sa.Select[tuple[str]]:
    return (
        sa.select(cases.c.alert_id)
        .join_from(cases, alerts, alerts.c.alert_id == cases.c.alert_id, isouter=True)
        .where(
            (alerts.c.revision > cases.c.alert_revision)
            | ((cases.c.state == "snoozed") & (cases.c.snoozed_until <= now))
        )
        .order_by(cases.c.alert_id)
        .limit(_BATCH)
    )


def keep_case_up(engine: sa.Engine, alert_id: str, now: datetime) -> bool:
    """Let one case follow its alert and the clock; whether it moved."""
    with engine.begin() as connection:
        before = case_of_alert(connection, alert_id)
        if before is UNTOUCHED:
            return False
        alert = connection.execute(_the_alert(alert_id)).one_or_none()
        moved = False
        for step in _steps(connection, before, alert, now):
            if not _written(connection, alert_id, alert, before, step, actor=NOBODY, now=now):
                break  # another desk was faster, and has done it
            before, moved = step[0], True
        return moved


def _steps(connection: sa.Connection, case: Case, alert: Any, now: datetime) -> Iterator[Step]:
    if (woken := wake_up(case, now)) is not None:
        case = woken[0]
        yield woken
    if alert is not None and (followed := follow(case, _alert_now(connection, alert))) is not None:
        yield followed


def _the_alert(alert_id: str) -> sa.Select[Any]:
    return sa.select(alerts).where(alerts.c.alert_id == alert_id)


def _alert(connection: sa.Connection, alert_id: str) -> Any:
    row = connection.execute(_the_alert(alert_id)).one_or_none()
    if row is None:
        raise NotThereError(f"there is no alert {alert_id[:80]!r} in the store")
    return row


def _alert_now(connection: sa.Connection, alert: Any) -> AlertNow:
    cited = connection.execute(
        sa.select(evidence.c.source, evidence.c.event_id, evidence.c.event_revision)
        .where(evidence.c.alert_id == alert.alert_id, evidence.c.revision == alert.revision)
        .order_by(evidence.c.position)
    )
    return AlertNow(
        revision=alert.revision,
        state=alert.state,
        cause=alert.cause,
        evidence=tuple(f"{row.source}/{row.event_id}/{row.event_revision}" for row in cited),
    )


def _first(alert: Any) -> Case:
    """The case of an alert that nobody has touched, which knows the alert as it stands."""
    return msgspec.structs.replace(UNTOUCHED, alert_revision=alert.revision, alert_state=alert.state)


def _written(
    connection: sa.Connection,
    alert_id: str,
    alert: Any,
    before: Case,
    step: Step,
    *,
    actor: str,
    now: datetime,
) -> bool:
    """Write a case in its new version with its event; false if another one came first."""
    after, name, details = step
    # From here on one writer at a time: what the others have written is seen.
    size = lock_log(connection)
    values = msgspec.structs.asdict(after) | ({} if alert is None else _about(alert))
    changed = connection.execute(
        sa.update(cases)
        .where(cases.c.alert_id == alert_id, cases.c.version == before.version)
        .values(values)
    ).rowcount
    if not changed and not (before.version == 0 and _insert(connection, alert, after)):
        return False
    event = CaseEvent(
        alert_id=alert_id, version=after.version, at=now, actor=actor, action=name, details=details
    )
    _append(connection, event, size)
    return True


def _about(alert: Any) -> dict[str, Any]:
    """What the case keeps of its alert, for the alert may leave the store before it."""
    names = (
        "detector", "detector_version", "subject_type", "subject", "severity", "score", "province",
        "shadow",
    )  # fmt: skip
    return {name: getattr(alert, name) for name in names}


def _insert(connection: sa.Connection, alert: Any, case: Case) -> bool:
    """Make the row of a case; false if there is one."""
    first = sa.select(sa.func.min(alert_history.c.detected_at)).where(
        alert_history.c.alert_id == alert.alert_id
    )
    values = msgspec.structs.asdict(case) | _about(alert) | {"alert_id": alert.alert_id}
    values["detected_at"] = connection.execute(first).scalar() or alert.detected_at
    # Both databases say it in the same words, and each has its own class for them.
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    made = insert(cases).values(values).on_conflict_do_nothing().returning(cases.c.alert_id)
    return connection.execute(made).first() is not None


def _append(connection: sa.Connection, event: CaseEvent, size: int) -> None:
    """Keep an event, and append it to the locked log of this size."""
    newest = connection.execute(sa.select(sa.func.max(case_events.c.event_number))).scalar()
    number = (newest or 0) + 1
    connection.execute(
        sa.insert(case_events).values(msgspec.structs.asdict(event) | {"event_number": number})
    )
    value = msgspec.json.encode(event, order="sorted")
    record = StoredRecord("case", value, DESK_TOPIC, 0, number)
    append_received(connection, size, [receive(record, False, event.alert_id, event.version)])


def _conflict(connection: sa.Connection, alert_id: str, case: Case) -> DeskError:
    events: Sequence[CaseEvent] = events_of(connection, alert_id)
    if not events:
        return CaseConflictError(
            f"the case of alert {alert_id} is in version {case.version}; load it again"
        )
    last = events[-1]
    return CaseConflictError(
        f"the case of alert {alert_id} has changed: {last.actor} did {last.action!r} at "
        f"{last.at.isoformat(timespec='seconds')} (version {case.version}); load it again"
    )
