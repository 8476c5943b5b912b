"""Addresses that are told once a day, by e-mail; and alerts on trial by an index of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Give addresses a minute of the day, and index the alerts on trial."""
    column = sa.Column(
        "daily_at", sa.SmallInteger, comment="minutes after midnight of a daily e-mail; else at once"
    )
    op.add_column("webhooks", column)
    # Few alerts are on trial, and the desk counts them on every look.
    op.create_index(
        "alerts_shadow", "alerts", ["state", "severity_rank", "score", "alert_id"],
        postgresql_where=sa.text("shadow IS TRUE"), sqlite_where=sa.text("shadow IS 1"),
    )  # fmt: skip
