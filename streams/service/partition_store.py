"""Vehicles of one partition: what the broker has confirmed, and what it has not yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Protocol

Changes = Mapping[str, bytes | None]
"""Records by VIN; None where the vehicle was forgotten."""
Restored = Mapping[bytes, bytes | None]
"""The same as the changelog has it."""


class Backend(Protocol):
    """Where confirmed records lie; `position` says which part of the changelog they reflect."""

    @property
    def position(self) -> int:
        """Changelog offset up to which everything is contained."""

    def get(self, vin: str) -> bytes | None:
        """Record of a vehicle, None if there is none."""

    def write(self, changes: Changes, position: int) -> None:
        """Take over confirmed changes and the position after them, in one step."""

    def restore(self, changes: Restored, position: int) -> None:
        """Take over records from the changelog; after the last, `restored` is to be gone through."""

    def restored(self) -> Iterator[None]:
        """Make safe and count what was restored, in steps between which others may have their turn."""

    def vins(self) -> Iterator[str]:
        """All vehicles, in no particular order; writing goes on meanwhile."""

    def __len__(self) -> int:
        """Return how many vehicles there are."""

    def belong_to(self, origin: str) -> bool:
        """Say which changelog the records are of; forgets them all where it was another one.

        Returns
        -------
        bool
            Whether what was there could be kept.
        """

    def clear(self) -> None:
        """Forget everything; the position is 0 again."""

    def close(self) -> None:
        """Let go of files."""


class MemoryBackend:
    """Confirmed records in a dictionary."""

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}
        self._position = 0
        self._origin: str | None = None

    @property
    def position(self) -> int:
        """Changelog offset up to which everything is contained."""
        return self._position

    def get(self, vin: str) -> bytes | None:
        """Record of a vehicle, None if there is none."""
        return self._records.get(vin)

    def write(self, changes: Changes, position: int) -> None:
        """Take over confirmed changes and the position after them."""
        records = self._records
        for vin, record in changes.items():
            if record is None:
                records.pop(vin, None)
            else:
                records[vin] = record
        self._position = position

    def restore(self, changes: Restored, position: int) -> None:
        """Take over records from the changelog."""
        self.write({vin.decode(): record for vin, record in changes.items()}, position)

    def restored(self) -> Iterator[None]:
        """Nothing is left to do."""
        return iter(())

    def vins(self) -> Iterator[str]:
        """All vehicles, in no particular order."""
        return iter(list(self._records))

    def __len__(self) -> int:
        return len(self._records)

    def belong_to(self, origin: str) -> bool:
        """Say which changelog the records are of; forgets them all where it was another one."""
        kept = self._origin in (None, origin)
        if not kept:
            self.clear()
        self._origin = origin
        return kept

    def clear(self) -> None:
        """Forget everything."""
        self._records.clear()
        self._position = 0

    def close(self) -> None:
        """Nothing to let go of."""


class PartitionStore:
    """The engine's store, with changes kept apart until their transaction is committed.

    A crash or an aborted transaction so never leaves a backend on disk ahead of the alerts that
    were published: what was not confirmed exists only here.
    """

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._changed: dict[str, bytes | None] = {}
        self._in_flight: dict[str, bytes | None] = {}

    def get(self, vin: str) -> bytes | None:
        """Newest record of a vehicle, confirmed or not."""
        if vin in self._changed:
            return self._changed[vin]
        if vin in self._in_flight:
            return self._in_flight[vin]
        return self.backend.get(vin)

    def put(self, vin: str, record: bytes) -> None:
        """Keep a record in place of the last one."""
        self._changed[vin] = record

    def delete(self, vin: str) -> None:
        """Forget a vehicle."""
        self._changed[vin] = None

    def vins(self) -> Iterator[str]:
        """All vehicles, in no particular order; ones that come or go meanwhile may be among them."""
        pending = {**self._in_flight, **self._changed}
        confirmed = (vin for vin in self.backend.vins() if vin not in pending)
        return chain((vin for vin, record in pending.items() if record is not None), confirmed)

    def __len__(self) -> int:
        return sum(1 for _ in self.vins())

    @property
    def changed(self) -> int:
        """Vehicles with changes that no transaction holds yet."""
        return len(self._changed)

    def begin(self) -> Changes:
        """Hand over the changes for a transaction; `confirm` or begin again with the same."""
        if self._in_flight:
            raise RuntimeError("the last transaction is neither confirmed nor abandoned")
        self._in_flight, self._changed = self._changed, {}
        return self._in_flight

    def confirm(self, position: int) -> None:
        """Take note that the transaction was committed and ends at this changelog offset."""
        self.backend.write(self._in_flight, position)
        self._in_flight = {}

    def abandon(self) -> None:
        """Forget everything that was not confirmed: another worker owns the partition."""
        self._changed.clear()
        self._in_flight = {}

    def restore(self, changes: Restored, position: int) -> None:
        """Take over records read from the changelog; `restored` follows the last of them."""
        self.backend.restore(changes, position)

    def restored(self) -> Iterator[None]:
        """Finish what `restore` began, step by step."""
        return self.backend.restored()
