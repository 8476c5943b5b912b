"""Alerts that hold words, by the text index of the database."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from streams.desk.tables import alerts
from streams.store.words import for_postgresql, for_sqlite

_BY_FTS5 = sa.text(
    "SELECT n.alert_id FROM alert_words JOIN alert_numbers n ON n.number = alert_words.rowid "
    "WHERE alert_words MATCH :asked_words"
)


def holds_words(connection: sa.Connection, text: str) -> sa.ColumnElement[bool]:
    """Condition that an alert holds every word of a text; a text without words is in none."""
    if connection.dialect.name == "postgresql":
        return alerts.c.words.bool_op("@@")(sa.cast(for_postgresql(text), TSQUERY))
    asked = for_sqlite(text)
    if not asked:
        return sa.false()
    found = _BY_FTS5.bindparams(asked_words=asked).columns(sa.column("alert_id", sa.Text))
    return alerts.c.alert_id.in_(sa.select(found.subquery().c.alert_id))
