"""Rows of the vehicles that are to be opened, whole vehicles together."""

from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from streams.backfill.ledger import LedgerError


def opened_rows(database: duckdb.DuckDBPyConnection, size: int) -> Iterator[pa.Table]:
    """Rows of the vehicles to open, about so many at once.

    Raises
    ------
    LedgerError
        If they do not come in their order: a vehicle would be judged by a part of its documents.
    """
    waiting: pa.Table | None = None
    for rows in _whole_vehicles(database, size):
        if waiting is not None and waiting.num_rows + rows.num_rows > size:
            yield waiting
            waiting = None
        waiting = rows if waiting is None else pa.concat_tables([waiting, rows])
    if waiting is not None:
        yield waiting


def _whole_vehicles(database: duckdb.DuckDBPyConnection, size: int) -> Iterator[pa.Table]:
    """What the database returns at once, cut where the last vehicle in it begins."""
    # `execute` hands Arrow batches over in any order where insertion order is not kept (DuckDB 2.0).
    reader = database.sql(
        "SELECT vin, passed, original FROM documents JOIN opened USING (vin) ORDER BY vin, file, line"
    ).to_arrow_reader(size)
    rest: pa.Table | None = None
    reached = ""
    for batch in reader:
        rows = pa.Table.from_batches([batch])
        if rest is not None:
            rows = pa.concat_tables([rest, rows])
        first, last = rows["vin"][0].as_py(), rows["vin"][-1].as_py()
        if not reached <= first <= last:
            raise LedgerError("the database returned vehicles out of their order")
        reached = last
        cut = _last_vehicle(rows)
        if cut:
            yield rows.slice(0, cut)
        rest = rows.slice(cut)
    if rest is not None and rest.num_rows:
        yield rest


def _last_vehicle(rows: pa.Table) -> int:
    """Where the last vehicle of some rows begins."""
    vins = rows["vin"].combine_chunks()
    return int(pc.index(vins, vins[-1]).as_py()) if len(vins) else 0


def packed(rows: pa.Table) -> bytes:
    """Rows as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    written: bytes = sink.getvalue().to_pybytes()
    return written
