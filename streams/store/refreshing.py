"""Materialised views of PostgreSQL, brought up to date; other databases have none."""

from __future__ import annotations

import sqlalchemy as sa

_MATERIALISED = sa.text(
    "SELECT relname FROM pg_class WHERE relkind = 'm' "
    "AND relnamespace = current_schema()::regnamespace ORDER BY oid"
)
"""Those that rest on others last, for so they were made."""
_KNOWN = sa.text("SELECT (SELECT size FROM log_head), (SELECT log_size FROM view_refreshes)")
_MEMORY = "128MB"
"""For each sort and hash of a refresh; what PostgreSQL ships with spills to disk."""
_LOCK = 0x7A65726F + 1
"""One refresh at a time, whoever runs it."""


def refresh_views(engine: sa.Engine, *, anyway: bool = False) -> bool:
    """Bring the views up to date with what is stored, or has left; readers are not held up.

    Parameters
    ----------
    engine
        The store.
    anyway
        Even if nothing has come, for something may have left.

    Returns
    -------
    bool
        Whether there was anything new.
    """
    with engine.begin() as connection:
        size, known = connection.execute(_KNOWN).one()
        if size == known and not anyway:
            return False
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            connection.execute(sa.text(f"SET LOCAL work_mem = '{_MEMORY}'"))
            for name in connection.execute(_MATERIALISED).scalars().all():
                connection.execute(sa.text(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {name}"))
                connection.execute(sa.text(f"ANALYZE {name}"))
        connection.execute(
            sa.text(
                "INSERT INTO view_refreshes (id, log_size, refreshed_at) "
                "VALUES (1, :size, CURRENT_TIMESTAMP) "
                "ON CONFLICT (id) DO UPDATE SET log_size = excluded.log_size, "
                "refreshed_at = excluded.refreshed_at"
            ),
            {"size": size},
        )
    return True
