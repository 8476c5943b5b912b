"""Alerts that need nobody's eyes: snoozes until a moment, and exceptions that explain a kind of alert.

A suppressed alert fires, is stored, counted and shown to who asks; it only does not ask for a decision.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
import sqlalchemy as sa
from msgspec import Meta

from streams.desk.errors import CaseConflictError, DeskError, NotThereError
from streams.desk.life_cycle import Words, instant
from streams.desk.tables import DESK_TOPIC, alerts, documents, suppressions
from streams.store.log import append_received, lock_log
from streams.store.received import receive
from streams.store.records import StoredRecord

SuppressionKind = Literal["snooze", "exception"]
ScopeText = Annotated[str, Meta(min_length=1, max_length=200)]
SCOPE: Final = ("detector", "vin", "party_id", "province", "brand", "destination")
_PARTITION: Final = 1
"""Of the desk's records in the log; events of cases have another one."""
_LONGEST: Final = {"snooze": timedelta(days=400), "exception": timedelta(days=1100)}
_COLUMNS: Final = {
    "detector": alerts.c.detector, "province": alerts.c.province, "brand": alerts.c.brand,
    "destination": alerts.c.destination,
}  # fmt: skip


class NewSuppression(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be kept quiet; every condition that is given must hold."""

    kind: SuppressionKind
    """A snooze is for a while; an exception explains (a fleet operator, a maker's own exports)."""
    reason: Words
    until: datetime
    detector: ScopeText | None = None
    vin: ScopeText | None = None
    party_id: ScopeText | None = None
    """An owner, seller or exporter on any document of the vehicle."""
    province: ScopeText | None = None
    brand: ScopeText | None = None
    destination: ScopeText | None = None


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    """One version of what is kept quiet."""

    suppression_id: str
    version: int
    kind: SuppressionKind
    detector: str | None
    vin: str | None
    party_id: str | None
    province: str | None
    brand: str | None
    destination: str | None
    reason: str
    author: str
    made_at: datetime
    until: datetime
    withdrawn: bool

    @property
    def etag(self) -> str:
        """What somebody has seen."""
        return str(self.version)

    @property
    def scope(self) -> dict[str, str]:
        """The conditions, by name."""
        return {name: value for name in SCOPE if (value := getattr(self, name)) is not None}


def add_suppression(
    engine: sa.Engine, wanted: NewSuppression, *, author: str, now: datetime
) -> Suppression:
    """Keep something quiet from now on.

    Raises
    ------
    DeskError
        If it has no condition, or its end is not allowed.
    """
    made = _version(wanted, secrets.token_hex(6), 1, author, now)
    with engine.begin() as connection:
        _keep(connection, made)
    return made


def change_suppression(
    engine: sa.Engine,
    suppression_id: str,
    wanted: NewSuppression | None,
    *,
    version: int,
    author: str,
    now: datetime,
) -> Suppression:
    """Put a new version in the place of one, or withdraw it where nothing is wanted.

    Raises
    ------
    NotThereError
        If there is no such suppression.
    CaseConflictError
        If it has another version by now.
    DeskError
        If what is wanted is not allowed.
    """
    with engine.begin() as connection:
        lock_log(connection)  # from here on one writer at a time
        known = suppression(connection, suppression_id)
        made = (
            msgspec.structs.replace(
                known, version=version + 1, author=author, made_at=now, withdrawn=True
            )
            if wanted is None
            else _version(wanted, suppression_id, version + 1, author, now)
        )
        if known.version == version and not known.withdrawn:
            _keep(connection, made)
            return made
    raise CaseConflictError(
        f"suppression {suppression_id} is in version {known.version} by {known.author}"
        f"{', withdrawn' if known.withdrawn else ''}, and you saw {version}; load it again"
    )


def _keep(connection: sa.Connection, made: Suppression) -> None:
    """Write a version, and append it to the log."""
    size = lock_log(connection)
    connection.execute(sa.insert(suppressions).values(msgspec.structs.asdict(made)))
    number = connection.execute(sa.select(sa.func.count()).select_from(suppressions)).scalar_one()
    value = msgspec.json.encode(made, order="sorted")
    record = StoredRecord("suppression", value, DESK_TOPIC, _PARTITION, number)
    append_received(connection, size, [receive(record, False, made.suppression_id, made.version)])


def suppression(connection: sa.Connection, suppression_id: str) -> Suppression:
    """A suppression in its newest version.

    Raises
    ------
    NotThereError
        If there is none.
    """
    query = (
        sa.select(suppressions)
        .where(suppressions.c.suppression_id == suppression_id)
        .order_by(suppressions.c.version.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NotThereError(f"there is no suppression {suppression_id[:40]!r}")
    return _from(row)


def all_suppressions(connection: sa.Connection, *, versions: bool = False) -> list[Suppression]:
    """Every suppression in its newest version, or all versions; the newest first."""
    query = sa.select(suppressions).order_by(
        suppressions.c.made_at.desc(), suppressions.c.suppression_id, suppressions.c.version.desc()
    )
    if not versions:
        query = query.where(_newest())
    return [_from(row) for row in connection.execute(query)]


def standing(connection: sa.Connection, now: datetime) -> list[Suppression]:
    """What is kept quiet at this moment."""
    return [one for one in all_suppressions(connection) if not one.withdrawn and now < one.until]


def is_suppressed(connection: sa.Connection, now: datetime) -> sa.ColumnElement[bool]:
    """Condition on a row of `alerts`: something keeps it quiet at this moment.

    A few rules are spelt out, so that the database finds the rows by its indexes.
    """
    rules = standing(connection, now)
    if len(rules) > _MOST_SPELT_OUT:
        return _some_rule_holds(now)
    return sa.or_(sa.false(), *map(_holds, rules))


_MOST_SPELT_OUT: Final = 100
_VEHICLE: Final = alerts.c.subject_type == "vehicle"
_PARTIES: Final = (documents.c.owner_id, documents.c.seller_id, documents.c.exporter_id)


def _holds(rule: Suppression) -> sa.ColumnElement[bool]:
    """Condition that one rule keeps an alert quiet."""
    wanted: list[sa.ColumnElement[bool]] = []
    for name, column in _COLUMNS.items():
        if name in rule.scope:
            # Of an alert that names no brand it is wrong, not unknown: what is not quiet must be found.
            wanted += [column == rule.scope[name], column.is_not(None)]
    if rule.vin is not None:
        wanted += [_VEHICLE, alerts.c.subject == rule.vin]
    if rule.party_id is not None:
        wanted += [_VEHICLE, alerts.c.subject.in_(vehicles_of(rule.party_id))]
    return sa.and_(*wanted)


def vehicles_of(party: str) -> sa.Select[Any]:
    """The vehicles that have a document which names a party, in whatever role."""
    return sa.select(documents.c.vin).where(sa.or_(*(column == party for column in _PARTIES)))


def _some_rule_holds(now: datetime) -> sa.ColumnElement[bool]:
    """The same for any number of rules, looked up for each alert."""
    rule = suppressions
    party = rule.c.party_id
    named = (
        sa.exists()
        .where(documents.c.vin == alerts.c.subject, sa.or_(*(column == party for column in _PARTIES)))
        .correlate(alerts, suppressions)
    )
    conditions = [
        rule.c[name].is_(None) | (rule.c[name] == column) for name, column in _COLUMNS.items()
    ]
    holds = (
        _newest(),
        rule.c.withdrawn.is_(False),
        rule.c.until > now,
        *conditions,
        rule.c.vin.is_(None) | (_VEHICLE & (rule.c.vin == alerts.c.subject)),
        party.is_(None) | (_VEHICLE & named),
    )
    return sa.exists().where(*holds).correlate(alerts)


def _newest() -> sa.ColumnElement[bool]:
    later = suppressions.alias("later")
    superseded = sa.exists().where(
        later.c.suppression_id == suppressions.c.suppression_id,
        later.c.version > suppressions.c.version,
    )
    return ~superseded.correlate(suppressions)


def _version(
    wanted: NewSuppression, suppression_id: str, version: int, author: str, now: datetime
) -> Suppression:
    until = instant(wanted.until, "until")
    longest = _LONGEST[wanted.kind]
    if not now < until <= now + longest:
        raise DeskError(
            f"until is {until.isoformat()}; allowed for the kind {wanted.kind}: a time after now, at "
            f"most {longest.days} days away"
        )
    made = Suppression(
        suppression_id=suppression_id, version=version, author=author, made_at=now, withdrawn=False,
        **msgspec.structs.asdict(wanted),
    )  # fmt: skip
    if not made.scope:
        raise DeskError(f"nothing says which alerts are kept quiet; give one of {', '.join(SCOPE)}")
    return made


def _from(row: Any) -> Suppression:
    return Suppression(**{name: getattr(row, name) for name in Suppression.__struct_fields__})
