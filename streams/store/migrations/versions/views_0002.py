"""Views that answer the questions of auditors, customs, makers and analysts."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

FOLDER = Path(__file__).parent.parent / "views_0002"


def upgrade() -> None:
    """Make the views, one file each, in the order of their numbers."""
    for path in sorted(FOLDER.glob("*.sql")):
        name = path.stem.partition("_")[2]
        query = path.read_text("utf-8")
        op.execute(sa.text(f"CREATE VIEW {name} AS\n{query.replace(':', chr(92) + ':')}"))
