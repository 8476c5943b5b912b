"""Alerts that hold words, by the text index of the database."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from streams.desk.tables import alerts
from streams.store.words import LEAST_BEGINNING, for_postgresql, for_sqlite, words_in

_MOST_BY_INDEX: Final = 2000
"""Of SQLite: where more alerts hold the words, they are read in each alert that is met."""
_MANY = sa.text(
    f"SELECT COUNT(*) > {_MOST_BY_INDEX} FROM (SELECT 1 FROM alert_words "  # noqa: S608 - a number
    f"WHERE alert_words MATCH :asked_words LIMIT {_MOST_BY_INDEX + 1}) AS found"
)
_FOUND = sa.text(
    "SELECT n.alert_id FROM alert_words JOIN alert_numbers n ON n.number = alert_words.rowid "
    "WHERE alert_words MATCH :asked_words"
)


def holds_words(connection: sa.Connection, text: str) -> tuple[sa.ColumnElement[bool], bool]:
    """Condition that an alert holds every word of a text, and whether few are known to.

    A text without words is in no alert. PostgreSQL knows from its statistics how many hold a word.
    """
    if connection.dialect.name == "postgresql":
        return alerts.c.words.bool_op("@@")(sa.cast(for_postgresql(text), TSQUERY)), False
    asked = for_sqlite(text)
    if not asked:
        return sa.false(), True
    if connection.execute(_MANY, {"asked_words": asked}).scalar_one():
        return sa.and_(*map(_holds, words_in(text))), False
    found = _FOUND.bindparams(asked_words=asked).columns(sa.column("alert_id", sa.Text))
    return alerts.c.alert_id.in_(sa.select(found.subquery().c.alert_id)), True


def _holds(word: str) -> sa.ColumnElement[bool]:
    end = "" if len(word) >= LEAST_BEGINNING else " "
    return (" " + alerts.c.words + " ").contains(f" {word}{end}")
