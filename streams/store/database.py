"""The database: opened, and brought to the newest schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.exc import ArgumentError, DBAPIError

from streams.store.errors import StoreError

ALLOWED = "postgresql://user:password@host:port/database or sqlite:///file"
_MIGRATION_LOCK = 0x7A65726F
"""Any number that no other program locks in this database ("zero")."""
_SQLITE_PATIENCE_SECONDS = 30


def open_database(url: str) -> sa.Engine:
    """Connect lazily to a database by its URL.

    Raises
    ------
    StoreError
        If the URL names no database that the store can use; the message hides the password.
    """
    try:
        parsed = sa.make_url(url)
    except ArgumentError:
        raise StoreError(f"the database URL cannot be read; allowed: {ALLOWED}") from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_size=2)
    if backend == "sqlite" and parsed.database:
        folder = Path(parsed.database).parent
        if not folder.is_dir():
            raise StoreError(f"the folder {folder} of the SQLite file does not exist")
        return _open_sqlite(parsed)
    raise StoreError(
        f"the database URL is {parsed.render_as_string(hide_password=True)!r}; allowed: {ALLOWED}"
    )


def existing_database(url: str) -> sa.Engine:
    """Connect lazily to a database that is there: a mistyped file would be made, and be empty.

    Raises
    ------
    StoreError
        If the URL names no database that the store can use, or a file that is not there.
    """
    engine = open_database(url)
    file = engine.url.database or ""
    if engine.dialect.name == "sqlite" and not Path(file).exists():
        raise StoreError(
            f"there is no database {file}; `zeromile sink --url sqlite:///{file}` makes one"
        )
    return engine


def _open_sqlite(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url, connect_args={"timeout": _SQLITE_PATIENCE_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        # Readers beside the writer, and evidence that leaves with its change.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")

    return engine


def migrations() -> Config:
    """Where the migrations of this program lie."""
    configuration = Config()
    configuration.set_main_option("script_location", "streams.store:migrations")
    configuration.set_main_option("path_separator", "os")
    return configuration


def migrate(engine: sa.Engine) -> None:
    """Bring the schema to its newest version; several may try at once.

    Raises
    ------
    StoreError
        If the database does not answer or refuses.
    """
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            configuration = migrations()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "head")
    except DBAPIError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise StoreError(f"the database {where} cannot be used: {error.orig}") from None
    except CommandError as error:
        where = engine.url.render_as_string(hide_password=True)
        raise StoreError(
            f"the database {where} has a schema that this program does not know ({error}); "
            "allowed: a database of this version or an earlier one"
        ) from None


def existing_store(url: str) -> sa.Engine:
    """Open a store that is there, its schema brought up to date.

    Raises
    ------
    StoreError
        If there is none, or it does not answer or refuses.
    """
    engine = existing_database(url)
    migrate(engine)
    return engine


def refresh_statistics(engine: sa.Engine) -> None:
    """Count the tables for the query planner; without it a fresh load is joined row by row."""
    with engine.begin() as connection:
        connection.execute(sa.text("ANALYZE"))
