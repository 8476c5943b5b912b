"""The country's rates of tax, by which views count, in a table of one row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from streams.store.migrations.views import drop_views, make_views

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the table with what views knew before, and the views anew."""
    drop_views(op.get_bind())
    table = op.create_table(
        "country",
        sa.Column("id", sa.SmallInteger, autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("code", sa.Text, nullable=False, comment="ISO 3166-1"),
        sa.Column("currency", sa.Text, nullable=False, comment="ISO 4217, of all amounts"),
        sa.Column("value_added_tax", sa.Float, nullable=False, comment="share in registered prices"),
        sa.Column("export_rebate", sa.Float, nullable=False, comment="share that exporters get back"),
        sa.PrimaryKeyConstraint("id"),
        sa.CheckConstraint("id = 1"),
        comment="Whose documents these are, as the policy of the last sink says.",
    )
    known = {"code": "CN", "currency": "CNY", "value_added_tax": 0.13, "export_rebate": 0.13}
    op.bulk_insert(table, [{"id": 1, **known}])
    make_views(op.get_bind(), "0005", "0011")
