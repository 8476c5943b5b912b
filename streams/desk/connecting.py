"""How the desk's connections are set: for many short questions."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

_SETTINGS: Final = (
    "SET jit = off; SET max_parallel_workers_per_gather = 0; SET random_page_cost = 1.1; "
    "SET work_mem = '32MB'"
)
"""Compiling a query and starting workers takes longer than a page may, most of all on a busy machine;
and the newest of a large table lies in memory. The places of a million alerts fit into 32 MB."""


def set_for_pages(engine: sa.Engine) -> None:
    """Set the connections that an engine opens from now on, where the database is PostgreSQL."""
    if engine.dialect.name != "postgresql" or sa.event.contains(engine, "connect", _set):
        return
    sa.event.listen(engine, "connect", _set)
    engine.dispose()  # those that are open already


def _set(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
    connection.commit()
