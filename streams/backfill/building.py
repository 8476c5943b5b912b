"""Recorded streams decoded into a ledger that is kept, or added to one."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from detectors.identities import country_of
from streams.backfill.arrays import binaries
from streams.backfill.decoding import DecodedRefusal
from streams.backfill.judging import Setup
from streams.backfill.kept import (
    BUCKETS,
    CONTRACT,
    FORMAT,
    MANIFEST,
    Input,
    LedgerCountry,
    LedgerManifest,
    Newest,
    check_country,
    fingerprint,
    read_manifest,
    with_key,
)
from streams.backfill.ledger import (
    IDENTITY,
    Ledger,
    LedgerError,
    LedgerRefusal,
    connect,
    of_bucket,
    read_ledger,
    view,
)
from streams.backfill.processes import Processes
from streams.backfill.selection import moved_rows, note_moved, note_repeated, sum_vehicles
from streams.feeds.reading import STANDARD_INPUT, Advance, name_of
from streams.setup.digests import sha256_of

_BUCKETED: Final = "md5_number_lower(vin)"


def build(
    files: list[Path],
    directory: Path,
    setup: Setup,
    *,
    append: bool,
    processes: int,
    memory: str,
    advance: Callable[[Path], Advance] | None = None,
    buckets: int = BUCKETS,
) -> LedgerManifest:
    """Decode recorded streams into a ledger that is kept.

    Parameters
    ----------
    files
        The streams in their order.
    directory
        The ledger.
    setup
        How documents are decoded, and a scratch folder.
    append
        Whether to add to a ledger that is there.
    processes, memory
        What it may use.
    advance
        Gives, for each file, whom to tell about its progress.
    buckets
        Of a new ledger: one is best where all rows fit into memory.

    Raises
    ------
    LedgerError
        If there is a ledger already and nothing is to be added, or none to add to.
    """
    before = read_manifest(directory) if append else None
    if before is None and directory.exists() and any(directory.iterdir()):
        raise LedgerError(f"{directory} is not empty; --append adds to a ledger")
    if before is not None and before.identities != fingerprint(setup.decode):
        raise LedgerError(
            f"{directory} was built {with_key(before.identities)} (ZEROMILE_IDENTITY_KEY)"
        )
    if before is not None:
        check_country(directory, before.country, country_of(setup.decode))
    buckets = buckets if before is None else before.buckets
    refused: list[LedgerRefusal] = []
    with Processes(processes, setup) as workers:
        ledger = read_ledger(files, workers, refused.extend, advance, kept=True)
    directory.mkdir(parents=True, exist_ok=True)
    generation = len(before.refusals) if before is not None else 0
    first = len(before.inputs) if before is not None else 0
    inputs = tuple(map(_describe, files))
    with connect(setup.scratch, processes, memory) as database:
        tables = _write(database, ledger, directory, generation, first, buckets=buckets)
        known = () if before is None else before.tables
        fresh = _moved(database, directory, tables, known)
        moved = tuple(dict.fromkeys((*(before.moved if before else ()), *fresh)))
        moving = f"moving/{generation:05}.parquet"
        _write_moving(database, moved, directory / moving)
        summaries = _sum_up(database, directory, (*known, *tables), generation, buckets)
    refusals = f"refused/{generation:05}.parquet"
    _write_refused(refused, directory / refusals, first)
    manifest = _manifest(
        before,
        ledger,
        buckets=buckets,
        inputs=inputs,
        refused=refused,
        moved=moved,
        moving=moving,
        identities=fingerprint(setup.decode),
        country=LedgerCountry.of(country_of(setup.decode)),
    )
    manifest = msgspec.structs.replace(
        manifest,
        tables=(*manifest.tables, *tables),
        refusals=(*manifest.refusals, refusals),
        summaries=summaries,
    )
    partial = directory / f"{MANIFEST}.partial"
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    partial.replace(directory / MANIFEST)
    for name in () if before is None else (*before.summaries, before.moving):
        (directory / name).unlink(missing_ok=True)
    return manifest


def _write(
    database: duckdb.DuckDBPyConnection,
    ledger: Ledger,
    directory: Path,
    generation: int,
    first: int,
    *,
    buckets: int,
) -> tuple[str, ...]:
    """Write rows into buckets, sorted by vehicle."""
    view(database, ledger.tables)
    parts = {
        "part": pa.array([part.number for part in ledger.parts], pa.int32()),
        "number": pa.array([first + part.file_number for part in ledger.parts], pa.int32()),
        "base": pa.array([part.base for part in ledger.parts], pa.int64()),
    }
    database.register("parts", pa.table(parts))
    names = []
    for bucket in range(buckets):
        name = f"documents/bucket={bucket}/{generation:05}.parquet"
        target = _quoted(directory / name)
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        database.execute(
            "COPY (SELECT d.* REPLACE (p.number AS file, p.base + d.line AS line) FROM documents d "
            f"JOIN parts p ON d.file = p.part WHERE {_BUCKETED} % {buckets} = {bucket} "
            f"ORDER BY vin, file, line) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
        names.append(name)
    return tuple(names)


def _sum_up(
    database: duckdb.DuckDBPyConnection,
    directory: Path,
    tables: tuple[str, ...],
    generation: int,
    buckets: int,
) -> tuple[str, ...]:
    """Write down what is known of each vehicle: who judges the ledger asks nothing else of most."""
    names = []
    for bucket in range(buckets):
        view(database, of_bucket((directory / name for name in tables), bucket))
        note_repeated(database)
        sum_vehicles(database)
        name = f"vehicles/bucket={bucket}/{generation:05}.parquet"
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        database.execute(
            f"COPY (SELECT * FROM summaries ORDER BY vin) TO '{_quoted(directory / name)}' "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
        names.append(name)
    return tuple(names)


def _moved(
    database: duckdb.DuckDBPyConnection,
    directory: Path,
    tables: tuple[str, ...],
    known: tuple[str, ...],
) -> tuple[str, ...]:
    """Vehicles of identities that came under several VINs, at least once among the new rows."""
    view(database, [directory / name for name in tables])
    database.execute(
        f"CREATE TEMP TABLE fresh AS SELECT DISTINCT {IDENTITY} AS identity FROM documents"
    )
    view(database, [directory / name for name in (*known, *tables)])
    found = database.execute(
        f"SELECT DISTINCT vin FROM documents WHERE {IDENTITY} IN (SELECT identity FROM "
        f"(SELECT {IDENTITY} AS identity, hash(vin) AS vehicle FROM documents "
        f"WHERE {IDENTITY} IN (SELECT identity FROM fresh)) "
        "GROUP BY identity HAVING min(vehicle) <> max(vehicle))"
    ).fetchall()
    return tuple(vin for (vin,) in found)


def _write_moving(database: duckdb.DuckDBPyConnection, moved: tuple[str, ...], path: Path) -> None:
    """Keep the documents that tell what moved from VIN to VIN, of all tables that are in view."""
    note_moved(database, moved)
    rows = list(moved_rows(database))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_arrays([binaries(rows)], ["original"]), path)


def _write_refused(refused: list[LedgerRefusal], path: Path, first: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns: dict[str, list[Any]] = {"file": [first + one.file for one in refused]}
    for name in DecodedRefusal._fields:
        columns[name] = [getattr(one.refusal, name) for one in refused]
    columns["line"] = [one.line.number for one in refused]
    pq.write_table(pa.table({name: columns[name] for name in _REFUSED.names}, _REFUSED), path)


_REFUSED: Final = pa.schema(
    [
        ("file", pa.int32()),
        ("line", pa.int64()),
        ("value", pa.binary()),
        ("reason", pa.string()),
        ("field", pa.string()),
        ("shown", pa.string()),
        ("allowed", pa.string()),
        ("document", pa.string()),
    ]
)


def _manifest(
    before: LedgerManifest | None,
    ledger: Ledger,
    *,
    buckets: int,
    inputs: tuple[Input, ...],
    refused: list[LedgerRefusal],
    moved: tuple[str, ...],
    moving: str,
    identities: str | None,
    country: LedgerCountry,
) -> LedgerManifest:
    """What the ledger holds now, but for its files."""
    newest = {} if before is None else {(one.event_type, one.source): one.day for one in before.newest}
    for key, day in ledger.newest.items():
        newest[key] = max(day, newest.get(key, 0))
    reasons = Counter({} if before is None else before.refused)
    reasons.update(one.refusal.reason for one in refused)
    return LedgerManifest(
        format=FORMAT,
        contract=CONTRACT,
        buckets=buckets,
        inputs=(*(before.inputs if before else ()), *inputs),
        rows=ledger.rows + (before.rows if before else 0),
        lines=ledger.lines_read + (before.lines if before else 0),
        refused=dict(reasons),
        newest=tuple(Newest(*key, day) for key, day in newest.items()),
        moved=moved,
        moving=moving,
        identities=identities,
        country=country,
        tables=before.tables if before else (),
        refusals=before.refusals if before else (),
        summaries=(),
    )


def _describe(path: Path) -> Input:
    if path == STANDARD_INPUT:
        return Input(name_of(path), None, None)
    return Input(str(path), sha256_of(path), path.stat().st_size)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
