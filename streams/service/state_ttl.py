"""Vehicles leave the state by event time, long after the longest rule needs them."""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import islice

from streams.service.partition_store import PartitionStore
from streams.state import record as records

SLICE = 500
EVERY_DAYS = 30


class StateTtl:
    """Looks through a partition in small steps and forgets vehicles without recent documents.

    A sweep begins when event time has moved `EVERY_DAYS` since the last one. Wall clock plays no
    part: a stream that is replayed after years loses nothing that it would have kept then.

    Parameters
    ----------
    store
        The partition's vehicles.
    retention_days
        Civil days without a document after which a vehicle is forgotten.
    """

    def __init__(self, store: PartitionStore, retention_days: int) -> None:
        self._store = store
        self._retention_days = retention_days
        self._swept_on = 0
        self._horizon = 0
        self._left: Iterator[str] = iter(())

    def step(self, today: int | None, waiting: Container[str] = ()) -> int:
        """Look at the next few vehicles; returns how many were forgotten.

        Parameters
        ----------
        today
            Civil day that event time has reached, None before the first document.
        waiting
            Vehicles of which a document has come that is not filed yet: they stay.
        """
        if today is None:
            return 0
        if today >= self._swept_on + EVERY_DAYS:
            self._swept_on, self._horizon = today, today - self._retention_days
            self._left = self._store.vins()
        forgotten = 0
        for vin in islice(self._left, SLICE):
            if vin in waiting:
                continue
            data = self._store.get(vin)
            if data is not None and _newest_day(data) < self._horizon:
                self._store.delete(vin)
                forgotten += 1
        return forgotten


def _newest_day(data: bytes) -> int:
    filed = records.decode(data).filed
    return max((entry.document.day for entry in filed), default=0)
