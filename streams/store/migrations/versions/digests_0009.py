"""Addresses that are told once a day, by e-mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Give addresses a minute of the day."""
    column = sa.Column(
        "daily_at", sa.SmallInteger, comment="minutes after midnight of a daily e-mail; else at once"
    )
    op.add_column("webhooks", column)
