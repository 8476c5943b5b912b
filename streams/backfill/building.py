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
from streams.backfill.buckets import BUCKETS
from streams.backfill.decoding import DecodedRefusal
from streams.backfill.dividing import BucketFiles, write_bucket
from streams.backfill.judging import Setup
from streams.backfill.kept import (
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
    Ledger,
    LedgerError,
    LedgerRefusal,
    connect,
    look_at,
    read_ledger,
)
from streams.backfill.moving import find_moved, moved_rows, moved_vins
from streams.backfill.processes import Processes
from streams.backfill.selection import note_repeated, sum_vehicles
from streams.feeds.reading import STANDARD_INPUT, Advance, name_of
from streams.setup.digests import sha256_of

_PARTS: Final = 64
"""Chunks whose rows are sorted together, at most."""


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
    generation = len(before.refusals) if before is not None else 0
    first = len(before.inputs) if before is not None else 0
    known = [directory / name for name in before.tables] if before else []
    summed = [directory / name for name in before.summaries] if before else []
    moving = f"moving/{generation:05}.parquet"
    with connect(setup.scratch, processes, memory) as database:
        with Processes(processes, setup) as workers:
            ledger = read_ledger(files, workers, refused.extend, advance, buckets=buckets, kept=True)
            ledger.parts = [part._replace(file=first + part.file) for part in ledger.parts]
            directory.mkdir(parents=True, exist_ok=True)
            together = Ledger(buckets, ledger.parts, known, summaries=summed)
            find_moved(database, together)
            moved = moved_vins(database)
            _write_moving(database, directory / moving)
            tables = _write(ledger, directory, workers, moved, generation)
        summaries = _sum_up(database, directory, together, generation)
    inputs = tuple(map(_describe, files))
    refusals = f"refused/{generation:05}.parquet"
    _write_refused(refused, directory / refusals, first)
    manifest = _manifest(
        before,
        ledger,
        buckets=buckets,
        inputs=inputs,
        refused=refused,
        moved=tuple(moved),
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
    ledger: Ledger, directory: Path, workers: Processes[Setup], moved: list[str], generation: int
) -> tuple[str, ...]:
    """Write rows into buckets, sorted by vehicle, so many at once as memory holds."""
    for broken_off in directory.glob(f"documents/*/{generation:05}-*.parquet"):
        broken_off.unlink()
    tasks: list[BucketFiles] = []
    for start in range(0, len(ledger.parts), _PARTS):
        parts = ledger.parts[start : start + _PARTS]
        name = f"{generation:05}-{start // _PARTS:03}"
        for bucket in range(ledger.buckets):
            folder = directory / "documents" / f"bucket={bucket}"
            several, single = folder / f"{name}.parquet", folder / f"{name}-single.parquet"
            tasks.append(BucketFiles(parts, bucket, moved, several, single))
    written = workers.map(write_bucket, tasks)
    return tuple(str(path.relative_to(directory)) for paths in written for path in paths)


def _sum_up(
    database: duckdb.DuckDBPyConnection, directory: Path, ledger: Ledger, generation: int
) -> tuple[str, ...]:
    """Write down what is known of each vehicle: who judges the ledger asks nothing else of most.

    What was known before of a vehicle without a new document stays.
    """
    names = []
    stays = ""
    for bucket in range(ledger.buckets):
        look_at(database, ledger, bucket)
        if ledger.summaries and ledger.parts:
            database.execute("CREATE OR REPLACE TEMP TABLE added AS SELECT DISTINCT vin FROM rows")
            database.execute(
                "CREATE OR REPLACE TEMP VIEW documents AS SELECT * FROM ledger "
                "SEMI JOIN added USING (vin)"
            )
            stays = "UNION ALL BY NAME SELECT * FROM summed_up ANTI JOIN added USING (vin)"
        note_repeated(database)
        sum_vehicles(database)
        name = f"vehicles/bucket={bucket}/{generation:05}.parquet"
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        database.execute(
            f"COPY (SELECT * FROM summaries {stays} ORDER BY vin) TO '{_quoted(directory / name)}' "
            "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
        )
        names.append(name)
    return tuple(names)


def _write_moving(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Keep the documents that tell what moved from VIN to VIN."""
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
