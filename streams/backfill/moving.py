"""Documents of identities that came under several VINs, and their vehicles."""

from collections.abc import Iterable, Iterator
from typing import Final

import duckdb

from streams.backfill.ledger import IDENTITY, Ledger, look_through, view

_MOVING: Final = f"SELECT vin, file, line, original, {IDENTITY} AS identity FROM ledger"
_SEVERAL: Final = "GROUP BY identity HAVING min({0}) <> max({0})"


def find_moved(database: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
    """Let ``moving`` be those documents of a ledger, and ``moved`` their vehicles.

    Of every document two numbers are kept meanwhile, which the database puts aside where memory is
    short.
    """
    database.execute(
        "CREATE OR REPLACE TEMP TABLE identities (identity UBIGINT NOT NULL, vehicle UBIGINT NOT NULL)"
    )
    view(database, [])  # of a ledger without rows nothing else is ever in view
    for _ in look_through(database, ledger):
        database.execute(f"INSERT INTO identities SELECT {IDENTITY}, hash(vin) FROM ledger")
    database.execute(
        "CREATE OR REPLACE TEMP TABLE several_vins AS SELECT identity FROM identities "
        + _SEVERAL.format("vehicle")
    )
    database.execute("DROP TABLE identities")
    database.execute(f"CREATE OR REPLACE TEMP TABLE moving AS {_MOVING} LIMIT 0")
    [(found,)] = database.execute("SELECT count(*) FROM several_vins").fetchall()
    for _ in look_through(database, ledger) if found else ():
        database.execute(
            f"INSERT INTO moving {_MOVING} WHERE {IDENTITY} IN (SELECT identity FROM several_vins)"
        )
    database.execute("CREATE OR REPLACE TEMP TABLE moved AS SELECT DISTINCT vin FROM moving")


def note_moved(database: duckdb.DuckDBPyConnection, known: Iterable[str]) -> None:
    """Let ``moved`` be vehicles that somebody has found before."""
    # As a parameter: an Arrow table made of a list would import pandas, half a second.
    database.execute(
        "CREATE OR REPLACE TEMP TABLE moved AS SELECT unnest(?::VARCHAR[]) AS vin", [list(known)]
    )


def moved_vins(database: duckdb.DuckDBPyConnection) -> list[str]:
    """The vehicles, in order."""
    return [vin for (vin,) in database.execute("SELECT vin FROM moved ORDER BY vin").fetchall()]


def moved_rows(database: duckdb.DuckDBPyConnection) -> Iterator[bytes]:
    """The documents that `find_moved` has found, in the order in which they came."""
    rows = database.execute("SELECT original FROM moving ORDER BY file, line")
    while found := rows.fetchmany(10_000):
        yield from (original for (original,) in found)
