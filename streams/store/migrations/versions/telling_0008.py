"""Who is told of alerts, and what is still to be told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables of webhooks and of their outbox."""
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.Text, nullable=False, comment="signs what is sent; kept to sign with"),
        sa.Column("least_rank", sa.SmallInteger, nullable=False, comment="1 low to 4 critical"),
        sa.Column("detector", sa.Text),
        sa.Column("province", sa.Text),
        sa.Column("allow_private", sa.Boolean, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "next_leaf", sa.BigInteger, nullable=False, comment="leaf of the log to look at next"
        ),
        sa.PrimaryKeyConstraint("webhook_id"),
        comment="Addresses that are told of alerts.",
    )
    op.create_table(
        "outbox",
        sa.Column("webhook_id", sa.Text, nullable=False),
        sa.Column("leaf_index", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("alert_id", sa.Text, nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("alert_state", sa.Text, nullable=False),
        sa.Column("severity_rank", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False, comment="waiting, delivered or given_up"),
        sa.Column("body", sa.LargeBinary, nullable=False, comment="what is sent, byte for byte"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("said", sa.Text, comment="why the last try failed"),
        sa.PrimaryKeyConstraint("webhook_id", "leaf_index"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.webhook_id"], ondelete="CASCADE"),
        comment="What webhooks are told, until it is delivered and a while after.",
    )
    op.create_index("alerts_province_detector", "alerts", ["province", "detector"])
    op.create_index("outbox_due", "outbox", ["state", "due_at"])
    op.create_index("outbox_alert", "outbox", ["webhook_id", "alert_id", "leaf_index"])
    if op.get_bind().dialect.name == "postgresql":
        # The role of dashboards reads every table but those with secrets.
        op.execute(
            "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'zeromile_reader') THEN "
            "REVOKE ALL ON webhooks FROM zeromile_reader; END IF; END $$"
        )
