"""Single vehicles of a ledger, and what amendments took from one and gave to another."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import duckdb
import pyarrow as pa

from detectors.documents import Document
from detectors.history import Content, VehicleHistory
from detectors.identities import Decode
from detectors.judging import file_whole
from detectors.registry import EVERY_SCREEN
from streams.backfill.arrays import texts
from streams.backfill.buckets import buckets_of
from streams.backfill.columns import Originals
from streams.backfill.kept import read_moving
from streams.backfill.ledger import Ledger, look_at
from streams.backfill.moving import find_moved, moved_rows, note_moved
from streams.engine.vin_corrections import VinCorrections


class SingleVehicles:
    """Looks up the vehicles that somebody asks for.

    Parameters
    ----------
    database
        Sees one bucket of the ledger after the other.
    ledger
        The documents.
    decode
        Reads a document.
    most
        Documents that are kept of one vehicle.

    Attributes
    ----------
    withdrawn
        Withdrawals that nobody published, by vehicle.
    """

    def __init__(
        self, database: duckdb.DuckDBPyConnection, ledger: Ledger, decode: Decode, most: int
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._read = Originals(decode).read
        self._most = most
        self.withdrawn: dict[str, list[Document]] = {}

    def withdraw_moved(self) -> int:
        """Withdraw what amendments moved to another VIN, in the order they came; says how much.

        The vehicles concerned are in a table ``moved`` of the database then.
        """
        corrections, number = VinCorrections(), 0
        for original in self._moving():
            for gone in corrections.withdrawals(self._read(original)):
                number += 1
                self.withdrawn.setdefault(gone.vin, []).append(gone)
        return number

    def _moving(self) -> Iterator[bytes]:
        """Documents of identities that came under several VINs, in the order in which they came."""
        if self._ledger.moved is None or self._ledger.moving is None:
            find_moved(self._database, self._ledger)
            return moved_rows(self._database)
        note_moved(self._database, self._ledger.moved)
        return read_moving(self._ledger.moving)

    def rows(self, vin: str) -> pa.Table | None:
        """What there is of one vehicle, as :func:`streams.backfill.opened.opened_rows`."""
        rows = self._rows_of([vin])
        if not rows:
            return None
        number = len(rows)
        originals = [original for _, original in rows]
        return pa.table(
            {"vin": [vin] * number, "passed": [EVERY_SCREEN] * number, "original": originals}
        )

    def histories(self, vins: Iterable[str]) -> dict[str, VehicleHistory]:
        """Histories of a few vehicles, by VIN."""
        found: defaultdict[str, list[Document]] = defaultdict(list)
        for vin, original in self._rows_of(list(vins)):
            found[vin].append(self._read(original))
        return {
            vin: file_whole(vin, documents, self.withdrawn.get(vin, ()), self._most)[0]
            for vin, documents in found.items()
        }

    def exported(self, most: int) -> Iterator[VehicleHistory]:
        """A fair sample of at most so many vehicles with export documents."""
        bits = Content.PENDING_EXPORT | Content.USED_EXPORT
        found: list[tuple[int, str]] = []
        for bucket in range(self._ledger.buckets):
            look_at(self._database, self._ledger, bucket)
            found += self._database.execute(
                f"SELECT DISTINCT hash(vin), vin FROM ledger WHERE content & {bits} <> 0 "
                "ORDER BY ALL LIMIT ?",
                [most],
            ).fetchall()
        return iter(self.histories(vin for _, vin in sorted(found)[:most]).values())

    def _rows_of(self, vins: list[str]) -> list[tuple[str, bytes]]:
        by_bucket: defaultdict[int, list[str]] = defaultdict(list)
        vins = list(filter(None, vins))
        buckets = buckets_of(texts(vins), self._ledger.buckets)
        for vin, bucket in zip(vins, buckets.tolist(), strict=True):
            by_bucket[bucket].append(vin)
        rows: list[tuple[str, bytes]] = []
        for bucket, some in by_bucket.items():
            look_at(self._database, self._ledger, bucket)
            rows += self._database.execute(
                "SELECT vin, original FROM ledger WHERE vin IN (SELECT unnest(?)) "
                "ORDER BY vin, file, line",
                [some],
            ).fetchall()
        return rows
