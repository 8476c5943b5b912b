"""One definition of every figure: retail, turnover and rebate as the report counts them."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

FOLDER = Path(__file__).parent.parent / "views_0004"
REPLACED = (
    "exporters", "export_declarations", "rebate_exposure", "double_counted_turnover", "adjusted_retail",
    "vehicle_retail", "province_exports_daily",
)  # fmt: skip
"""Views of the migration before, those that rest on others first."""


def upgrade() -> None:
    """Make the views anew, one file each, in the order of their numbers."""
    for name in REPLACED:
        op.execute(sa.text(f"DROP VIEW {name}"))
    op.create_index("documents_source_event_id", "documents", ["source", "event_id"])
    for path in sorted(FOLDER.glob("*.sql")):
        name = path.stem.partition("_")[2]
        query = path.read_text("utf-8")
        op.execute(sa.text(f"CREATE VIEW {name} AS\n{query.replace(':', chr(92) + ':')}"))
