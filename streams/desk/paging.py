"""Pages of alerts in an order, in about the same time however many answer and wherever they lie.

A database reads such a page either along the index of the order, which is dear where few answer, or
by what is asked and then sorts, which is dear where many do; and it guesses how many there are as if
conditions had nothing to do with each other nor with the order. So it is told how, within bounds.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from streams.desk.errors import DeskError
from streams.desk.estimating import expected_rows
from streams.desk.questions import MOST_COUNTED, AlertQuestion, Order
from streams.desk.tables import alerts

_FEW: Final = 10_000
"""So many alerts that answer are sorted at once; more are met soon enough along the order."""
_MANY: Final = 50_000
"""Of more than so many, as the database expects, not even the count of the few is tried."""
_WALK: Final = 8_000
"""Alerts that are looked at along the order for one page."""

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
Conditions = Sequence[sa.ColumnElement[bool]]


def in_order(query: sa.Select[Any], order: Order) -> sa.Select[Any]:
    """A query of alerts in an order."""
    return query.order_by(*(key.desc() for key in _ORDERS[order]))


class Asked(msgspec.Struct, frozen=True):
    """What is asked of alerts, as conditions."""

    same: Conditions
    """Of single columns that have an index in the order of the worst."""
    other: Conditions
    selective: bool
    """Whether few alerts answer in all likelihood."""


class PageOfRows(msgspec.Struct, frozen=True):
    """Rows of a page."""

    rows: Sequence[Any]
    after: str | None
    """Where the next one begins."""
    known: int | None
    """How many answer, where reading the page told."""


def page_of_rows(
    connection: sa.Connection, question: AlertQuestion, query: sa.Select[Any], asked: Asked
) -> PageOfRows:
    """A page of what a query selects; it may be a short one and yet go on.

    Parameters
    ----------
    connection, question
        Whom to ask, and which order, place and size.
    query
        Selects alerts with their cases, without conditions.
    asked
        The conditions.
    """
    page = _Page(connection, question.order, query, asked, question.limit + 1)
    beyond: Conditions = ()
    if question.after is not None:
        beyond = (_beyond(_ORDERS[question.order], _read_place(question.order, question.after)),)
    expected = page.expected()
    if asked.selective or expected <= _FEW:
        return page.sorted(beyond) or page.along(beyond)[0]
    found, whole = page.along(beyond)
    return found if whole or expected > _MANY else page.sorted(beyond) or found


def count_for(
    connection: sa.Connection, order: Order, query: sa.Select[Any], asked: Asked, page: PageOfRows
) -> tuple[int, bool]:
    """How many answer, up to a thousand, and whether more may.

    Where the page does not tell, those among the first along the order are counted.
    """
    if page.known is not None:
        return min(page.known, MOST_COUNTED), page.known > MOST_COUNTED
    fits = sa.and_(sa.true(), *asked.other).label("fits")
    some = query.with_only_columns(*_ORDERS[order], fits).where(*asked.same)
    first = in_order(some, order).limit(_WALK).subquery()
    some_fit = sa.select(sa.literal(1)).where(first.c.fits).select_from(first)
    counting = sa.select(sa.func.count()).select_from(some_fit.limit(MOST_COUNTED + 1).subquery())
    count: int = connection.execute(counting).scalar_one()
    if count > MOST_COUNTED:
        return MOST_COUNTED, True
    return count, connection.execute(_last(order, asked.same)).one_or_none() is not None


def _last(order: Order, conditions: Conditions) -> sa.Select[Any]:
    """Keys of the last alert that is looked at along an order."""
    keys = sa.select(*_ORDERS[order]).where(*conditions)
    return in_order(keys, order).offset(_WALK - 1).limit(1)


class _Page:
    """Ways to the same page."""

    def __init__(
        self, connection: sa.Connection, order: Order, query: sa.Select[Any], asked: Asked, most: int
    ) -> None:
        self._connection = connection
        self._ask = connection.execute
        self._order: Order = order
        self._query = query
        self._asked = asked
        self._most = most

    def expected(self) -> float:
        """How many answer as the database expects; where it does not say, as if it were some."""
        query = self._query.where(*self._asked.same, *self._asked.other)
        expected = expected_rows(self._connection, query)
        return _MANY if expected is None else expected

    def along(self, beyond: Conditions) -> tuple[PageOfRows, bool]:
        """Those that answer among the first along the order, and whether that is a whole page."""
        fits = sa.and_(sa.true(), *self._asked.other).label("fits")
        query = self._query.add_columns(fits).where(*self._asked.same, *beyond)
        rows = self._fitting(in_order(query, self._order).limit(_WALK))
        if len(rows) == self._most:
            return self._told(rows, None), True
        last = self._ask(_last(self._order, (*self._asked.same, *beyond))).one_or_none()
        if last is None:
            return self._told(rows, None if beyond else len(rows)), True
        return PageOfRows(rows, _place(self._order, last), None), False

    def _fitting(self, along: sa.Select[Any]) -> Sequence[Any]:
        """The first that fit. SQLite reads on as long as rows are taken, and would sort a subquery."""
        if self._connection.dialect.name == "sqlite":
            return list(islice((row for row in self._ask(along) if row.fits), self._most))
        first = along.subquery()
        keys = (first.c[key.name].desc() for key in _ORDERS[self._order])
        fitting = sa.select(first).where(first.c.fits).order_by(*keys).limit(self._most)
        return self._ask(fitting).all()

    def sorted(self, beyond: Conditions) -> PageOfRows | None:
        """All that answer, sorted, if they are few; the index of the order is no way to them."""
        asked = (*self._asked.same, *self._asked.other)
        count = counted(self._connection, self._query, asked, _FEW)
        if count > _FEW:
            return None
        first, *others = _ORDERS[self._order]
        keys = (sa.func.coalesce(first, first), *others)
        query = self._query.where(*asked, *beyond).order_by(*(key.desc() for key in keys))
        return self._told(self._ask(query.limit(self._most)).all(), count)

    def _told(self, rows: Sequence[Any], known: int | None) -> PageOfRows:
        if len(rows) < self._most:
            return PageOfRows(rows, None, known)
        return PageOfRows(rows[:-1], _place(self._order, rows[-2]), known)


def counted(connection: sa.Connection, query: sa.Select[Any], conditions: Conditions, most: int) -> int:
    """How many of what a query selects fulfil conditions; one more than `most` where more do."""
    some = query.with_only_columns(sa.literal(1)).where(*conditions).limit(most + 1)
    counting = sa.select(sa.func.count()).select_from(some.subquery())
    count: int = connection.execute(counting).scalar_one()
    return count


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
