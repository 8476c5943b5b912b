"""Views from files of SQL, one a view, made in the order of their numbers.

The first line of a costly one says what tells its rows apart (`-- Key: vin`). PostgreSQL keeps such a
view materialised under a unique index; SQLite, meant for one person's files, works it out anew.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

FOLDER = Path(__file__).parent
_KEY = "-- Key: "
_VIEWS = {
    "postgresql": {
        "VIEW": "SELECT viewname FROM pg_views WHERE schemaname = current_schema()",
        "MATERIALIZED VIEW": "SELECT matviewname FROM pg_matviews WHERE schemaname = current_schema()",
    },
    "sqlite": {"VIEW": "SELECT name FROM sqlite_schema WHERE type = 'view'"},
}


def drop_views(connection: sa.Connection) -> None:
    """Drop every view that there is."""
    for kind, query in _VIEWS[connection.dialect.name].items():
        for name in connection.execute(sa.text(query)).scalars().all():
            cascade = " CASCADE" if connection.dialect.name == "postgresql" else ""
            connection.execute(sa.text(f"DROP {kind} IF EXISTS {name}{cascade}"))


def make_views(connection: sa.Connection, *versions: str) -> None:
    """Make the views of a version of the schema, and those of later ones in their namesakes' place."""
    files = {path.name: path for each in versions for path in (FOLDER / f"views_{each}").glob("*.sql")}
    for _, path in sorted(files.items()):
        name = path.stem.partition("_")[2]
        query = path.read_text("utf-8")
        keys = query.splitlines()[0].removeprefix(_KEY) if query.startswith(_KEY) else None
        kept = keys and connection.dialect.name == "postgresql"
        kind = "MATERIALIZED VIEW" if kept else "VIEW"
        connection.execute(sa.text(f"CREATE {kind} {name} AS\n{query.replace(':', chr(92) + ':')}"))
        if kept:
            connection.execute(sa.text(f"CREATE UNIQUE INDEX {name}_key ON {name} ({keys})"))
