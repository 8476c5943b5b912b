"""Single vehicles of a ledger, and what amendments took from one and gave to another."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from detectors.documents import Document
from detectors.history import Content, VehicleHistory
from detectors.identities import Decode
from detectors.judging import file_whole
from detectors.registry import EVERY_SCREEN
from streams.backfill.columns import Originals
from streams.backfill.kept import read_moving
from streams.backfill.selection import moved_rows
from streams.engine.vin_corrections import VinCorrections


class SingleVehicles:
    """Looks up the vehicles that somebody asks for.

    Parameters
    ----------
    database
        The ledger.
    decode
        Reads a document.
    most
        Documents that are kept of one vehicle.

    Attributes
    ----------
    withdrawn
        Withdrawals that nobody published, by vehicle.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, decode: Decode, most: int) -> None:
        self._database = database
        self._read = Originals(decode).read
        self._most = most
        self.withdrawn: dict[str, list[Document]] = {}

    def withdraw_moved(self, moving: Path | None) -> int:
        """Withdraw what amendments moved to another VIN, in the order they came; says how much.

        Parameters
        ----------
        moving
            Where the documents lie that came under several VINs; ``None`` to look for them.
        """
        corrections, number = VinCorrections(), 0
        for original in moved_rows(self._database) if moving is None else read_moving(moving):
            for gone in corrections.withdrawals(self._read(original)):
                number += 1
                self.withdrawn.setdefault(gone.vin, []).append(gone)
        return number

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
        rows = self._database.execute(
            f"SELECT DISTINCT vin FROM documents WHERE content & {bits} <> 0 "
            "ORDER BY hash(vin), vin LIMIT ?",
            [most],
        ).fetchall()
        return iter(self.histories(vin for (vin,) in rows).values())

    def _rows_of(self, vins: list[str]) -> list[tuple[str, bytes]]:
        rows: list[tuple[str, bytes]] = self._database.execute(
            "SELECT vin, original FROM ledger WHERE vin IN (SELECT unnest(?)) ORDER BY vin, file, line",
            [vins],
        ).fetchall()
        return rows
