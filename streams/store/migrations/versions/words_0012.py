"""Alerts are found by words, and lists of one place, brand or detector by an index of their own."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from streams.store.words import words_of_alert

revision = "0012"
down_revision = "0011"

_AT_ONCE: Final = 5000
_ALERTS = sa.text(
    "SELECT alert_id, title, explanation, subject FROM alerts WHERE alert_id > :after "
    "ORDER BY alert_id LIMIT :most"
)


def upgrade() -> None:
    """Add the words of every alert, and the indexes."""
    kind = sa.Text().with_variant(TSVECTOR(), "postgresql")
    op.add_column(
        "alerts",
        sa.Column(
            "words", kind, nullable=False, server_default="",
            comment="of title, explanation and subject, in small letters",
        ),
    )  # fmt: skip
    postgresql = op.get_bind().dialect.name == "postgresql"
    _fill("CAST(:words AS tsvector)" if postgresql else ":words")
    if postgresql:
        # So many words are counted that what begins with some letters can be told from few alerts.
        op.execute("ALTER TABLE alerts ALTER COLUMN words SET STATISTICS 300")
        op.create_index("alerts_words", "alerts", ["words"], postgresql_using="gin")
    else:
        _index_by_fts5()
    for column in ("detector", "province", "brand", "destination"):
        columns = [column, "severity_rank", "score", "alert_id"]
        op.create_index(f"alerts_{column}_worst", "alerts", columns)


def _fill(value: str) -> None:
    update = sa.text(f"UPDATE alerts SET words = {value} WHERE alert_id = :alert_id")  # noqa: S608
    connection, after = op.get_bind(), ""
    while rows := connection.execute(_ALERTS, {"after": after, "most": _AT_ONCE}).all():
        connection.execute(
            update,
            [{"alert_id": row.alert_id, "words": words_of_alert(*row[1:])} for row in rows],
        )
        after = rows[-1].alert_id


def _index_by_fts5() -> None:
    """Keep FTS5's index by triggers. A number stands for an alert there, for rowids may change."""
    for statement in _FTS5:
        op.execute(sa.text(statement.replace(":", "\\:")))


_ADD: Final = (
    "INSERT INTO alert_words (rowid, words) "
    "SELECT number, new.words FROM alert_numbers WHERE alert_id = new.alert_id;"
)
_FORGET: Final = (
    "INSERT INTO alert_words (alert_words, rowid, words) "
    "SELECT 'delete', number, old.words FROM alert_numbers WHERE alert_id = old.alert_id;"
)
_FTS5: Final = (
    "CREATE TABLE alert_numbers (number INTEGER PRIMARY KEY, alert_id TEXT NOT NULL UNIQUE)",
    "CREATE VIRTUAL TABLE alert_words USING fts5(words, content='', tokenize='ascii')",
    "INSERT INTO alert_numbers (alert_id) SELECT alert_id FROM alerts",
    "INSERT INTO alert_words (rowid, words) "
    "SELECT number, words FROM alert_numbers JOIN alerts USING (alert_id)",
    "CREATE TRIGGER alert_words_insert AFTER INSERT ON alerts BEGIN "  # noqa: S608 - our own names only
    f"INSERT INTO alert_numbers (alert_id) VALUES (new.alert_id); {_ADD} END",
    "CREATE TRIGGER alert_words_update AFTER UPDATE OF words ON alerts "
    f"WHEN old.words <> new.words BEGIN {_FORGET} {_ADD} END",
    f"CREATE TRIGGER alert_words_delete AFTER DELETE ON alerts BEGIN {_FORGET} "  # noqa: S608 - the same
    "DELETE FROM alert_numbers WHERE alert_id = old.alert_id; END",
)
