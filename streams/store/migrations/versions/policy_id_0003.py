"""By which policy an alert was judged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; alerts that were stored before keep it empty."""
    for table in ("alerts", "alert_history"):
        op.add_column(
            table, sa.Column("policy_id", sa.Text, comment="digest of the policy that was in force")
        )
