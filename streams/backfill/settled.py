"""What the vehicles come to that nobody has to open: sums that add up with those of judged ones."""

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from detectors.history import Content
from streams.backfill.vin_columns import EPOCH

if TYPE_CHECKING:  # whoever judges has no database
    import duckdb


class Registered(NamedTuple):
    """First initial registrations of one province and month."""

    vehicles: int
    turnover_fen: int
    unpriced: int


class Settled(msgspec.Struct, frozen=True):
    """Sums over plain vehicles that no detector could find anything about."""

    vehicles: int = 0
    documents: int = 0
    by_day: Counter[int] = Counter()
    """Documents by civil day."""
    registered: dict[tuple[str | None, int], Registered] = {}
    """By province and month, counted from the year 0."""


_ROWS: Final = (
    "SELECT {columns} FROM documents ANTI JOIN repeating USING (vin) ANTI JOIN opened USING (vin) "
    "UNION ALL SELECT {columns} FROM again ANTI JOIN opened USING (vin)"
)


def sum_up(database: "duckdb.DuckDBPyConnection") -> Settled:
    """Sum up the vehicles that are not opened; :func:`streams.backfill.selection.select` said which."""
    [(vehicles, documents)] = database.execute(
        "SELECT count(*), coalesce(sum(documents), 0) FROM vehicles WHERE NOT opened"
    ).fetchall()
    days = database.execute(
        f"SELECT day - DATE '1970-01-01' + {EPOCH}, count(*) FROM ({_ROWS.format(columns='day')}) "
        "GROUP BY ALL"
    ).fetchall()
    columns = "vin, day, time, source, event_id, initial_province, price_fen, content"
    first = (
        "arg_min({province: initial_province, price: price_fen, day: day}, "
        "{day: day, time: coalesce(time, 0), source: source, event_id: event_id})"
    )
    cells = database.execute(
        "SELECT f.province, year(f.day) * 12 + month(f.day) - 1, count(*), "
        "coalesce(sum(f.price), 0), count(*) FILTER (f.price IS NULL) FROM "
        f"(SELECT {first} AS f FROM ({_ROWS.format(columns=columns)}) "
        f"WHERE content & {Content.INITIAL} <> 0 GROUP BY vin) GROUP BY ALL"
    ).fetchall()
    return Settled(
        vehicles,
        int(documents),
        Counter(dict(days)),
        {(province, month): Registered(n, int(fen), un) for province, month, n, fen, un in cells},
    )
