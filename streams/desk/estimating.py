"""How many rows the database expects of a query, without looking for them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler


class _Explained(Executable, sa.ClauseElement):
    """A query that is planned and not run."""

    inherit_cache = False

    def __init__(self, query: sa.Select[Any]) -> None:
        self.query = query


@compiles(_Explained)
def _explain(element: _Explained, compiler: SQLCompiler, **others: Any) -> str:
    return "EXPLAIN (FORMAT JSON) " + compiler.process(element.query, **others)


def expected_rows(connection: sa.Connection, query: sa.Select[Any]) -> float | None:
    """What PostgreSQL expects, from its statistics; `None` of a database that does not say."""
    if connection.dialect.name != "postgresql":
        return None
    plan = connection.execute(_Explained(query)).scalar_one()
    return float(plan[0]["Plan"]["Plan Rows"])
