"""Columns of documents before they become text: one table a document type, filled in bulk."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from streams.simulator.calendars import FloatArray, IntArray

Column = npt.NDArray[Any]
Value = Column | int | float

ABSENT = -1

# Common to all documents. `vehicle` is the row in the block, `alias` 1 means the vehicle's mistyped
# number, `event` the row whose event id is used (itself unless a revision), `hold` days the feed held
# it back.
_COMMON: dict[str, int | float] = {
    "vehicle": ABSENT,
    "alias": 0,
    "day": ABSENT,
    "event": ABSENT,
    "source": 0,
    "revision": 0,
    "void": 0,
    "hold": 0.0,
}

REGISTRATION: dict[str, int | float] = _COMMON | {
    "kind": ABSENT,
    "province": ABSENT,
    "owner": ABSENT,
    "owner_type": ABSENT,
    "seller": ABSENT,
    "price": np.nan,
    "invoice": ABSENT,
    "odometer": ABSENT,
    "read": ABSENT,
    "use": ABSENT,
    "plate": ABSENT,
}
DEREGISTRATION: dict[str, int | float] = _COMMON | {
    "reason": ABSENT,
    "province": ABSENT,
    "owner": ABSENT,
}
CUSTOMS_EXPORT: dict[str, int | float] = _COMMON | {
    "declaration": ABSENT,
    "exporter": ABSENT,
    "exporter_province": ABSENT,
    "source_province": ABSENT,
    "destination": ABSENT,
    "gate": ABSENT,
    "condition": ABSENT,
    "value": np.nan,
    "odometer": ABSENT,
    "read": ABSENT,
    "trade_mode": ABSENT,
    "licence": ABSENT,
    "licence_day": ABSENT,
    "letter": ABSENT,
    "exited": ABSENT,
}


@dataclasses.dataclass(frozen=True)
class _Revision:
    rows: IntArray
    lag_days: FloatArray
    changes: dict[str, Value]


class SimulatedTable:
    """Documents of one type, added in chunks of equal columns.

    Parameters
    ----------
    defaults
        The columns and what stands in them where a chunk does not say.
    """

    def __init__(self, defaults: dict[str, int | float]) -> None:
        self._defaults = defaults
        self._chunks: dict[str, list[Column]] = {name: [] for name in defaults}
        self._revisions: list[_Revision] = []
        self.size = 0

    def add(self, vehicle: IntArray, day: IntArray, **values: Value) -> IntArray:
        """Add one document a vehicle; returns their rows."""
        count = len(vehicle)
        rows = np.arange(self.size, self.size + count, dtype=np.int64)
        given: dict[str, Value] = {"vehicle": vehicle, "day": day, "event": rows, **values}
        for name, default in self._defaults.items():
            kind = np.float64 if isinstance(default, float) else np.int64
            column = np.broadcast_to(np.asarray(given.pop(name, default), dtype=kind), count)
            self._chunks[name].append(column)
        if given:
            raise KeyError(f"no such column: {', '.join(given)}")
        self.size += count
        return rows

    def revise(self, rows: IntArray, lag_days: FloatArray, **changes: Value) -> None:
        """Publish later revisions of documents added before, `lag_days` after them."""
        self._revisions.append(_Revision(rows, lag_days, changes))

    def columns(self) -> dict[str, Column]:
        """All documents as added, without the revisions."""
        return {
            name: np.concatenate(chunks) if chunks else np.empty(0, dtype=np.int64)
            for name, chunks in self._chunks.items()
        }

    def revisions(
        self, columns: dict[str, Column]
    ) -> list[tuple[dict[str, Column], IntArray, FloatArray]]:
        """The revisions: their columns, the rows they revise and their lags."""
        return [
            (_changed(columns, edit.rows, edit.changes), edit.rows, edit.lag_days)
            for edit in self._revisions
        ]


def _changed(
    columns: dict[str, Column], rows: IntArray, changes: dict[str, Value]
) -> dict[str, Column]:
    taken = {name: column[rows] for name, column in columns.items()}
    taken["revision"] = taken["revision"] + 1
    for name, value in changes.items():
        kind = taken[name].dtype
        taken[name] = np.broadcast_to(np.asarray(value, dtype=kind), len(rows)).copy()
    return taken


def stack(parts: list[dict[str, Column]]) -> dict[str, Column]:
    """Put tables of equal columns on top of each other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
