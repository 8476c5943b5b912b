"""Vehicles leave the state long after the longest rule needs them, and never many at once unasked.

A vehicle goes when event time and the wall clock agree: its newest document is older than the
retention, counted back from the feed that is furthest behind, and none has come for as long. So neither
a wrong date, nor a publisher's wrong clock, nor a backfill of old years deletes what has just come in.
An alert outlives the documents: a vehicle of which one stands stays whole, but for what is said of the
documents alone (a number that can be no VIN), which is resolved when they go. The number of revisions
stays in any case, so that what is said of the vehicle later is newer.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from streams.service.closing import Closing
from streams.service.partition_store import PartitionStore
from streams.state import record as records
from streams.state.record import VehicleRecord

SLICE: Final = 500
EVERY_DAYS: Final = 15
MOST_SHARE: Final = 0.05
"""Share of a partition's vehicles that may go in a sweep without a person's word; 1.4 % is usual."""
FEW: Final = 10
"""So many may go whatever their share is."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A sweep that waits for a person's word."""

    vehicles: int
    """How many would be forgotten."""
    total: int
    before_day: int
    """Civil day that their last documents lie before."""


@dataclass(slots=True)
class Forgetting:
    """What all partitions of a worker know of forgetting."""

    retention_days: int
    watermarks_known: bool = True
    """Whether the watermarks of all workers have been read: before, nothing is forgotten."""
    allowed_before: int = 0
    """A person's word: vehicles may go whose last document lies before this civil day, however many."""
    held_back: dict[int, HeldBack] = field(default_factory=dict)
    """Sweeps that wait, by partition."""


class StateTtl:
    """Looks through a partition in small steps: counts first, then forgets.

    A sweep begins when event time has moved `EVERY_DAYS` since the last one, unless that one saw that
    all vehicles have come too lately: a worker that catches up with years would do little else.

    Parameters
    ----------
    number
        The partition.
    store
        Its vehicles.
    forgetting
        How long they are kept, and what a person has said.
    closing
        Knows which alerts keep a vehicle, and resolves the others.
    """

    def __init__(
        self, number: int, store: PartitionStore, forgetting: Forgetting, closing: Closing
    ) -> None:
        self._number = number
        self._store = store
        self._forgetting = forgetting
        self._closing = closing
        self._swept_on = 0
        self._horizons = (0, 0)
        self._left: Iterator[str] | None = None
        self._seen = self._old = 0
        self._counting = False
        self._came_on: int | None = None
        """Civil day of the wall clock on which the first of the vehicles seen came, None before one."""
        self._all_came_since = 0
        """The same of all vehicles, by the last sweep that saw all."""

    def step(self, reached: int | None, today: int, waiting: Container[str] = ()) -> int:
        """Look at the next few vehicles; returns how many were forgotten.

        Parameters
        ----------
        reached
            Civil day that the feed furthest behind has reached, None before the first document.
        today
            Civil day of the wall clock.
        waiting
            Vehicles of which a document has come that is not filed yet: they stay.
        """
        if reached is None or not self._forgetting.watermarks_known:
            return 0
        self._begin_if_due(min(reached, today), today)
        if self._left is None:
            return 0
        forgotten = 0
        slice_of_vins = list(islice(self._left, SLICE))
        for vin in slice_of_vins:
            forgotten += self._look_at(vin, stays=vin in waiting)
        if len(slice_of_vins) < SLICE:
            self._end_of_pass()
        return forgotten

    def _begin_if_due(self, day: int, today: int) -> None:
        held = self._forgetting.held_back.get(self._number)
        if day < self._swept_on:
            self._swept_on = day  # watermarks were lowered
            self._left = None
            self._forgetting.held_back.pop(self._number, None)
        elif held is not None and self._forgetting.allowed_before >= held.before_day:
            self._start(counting=False)
        keep = self._forgetting.retention_days
        if day >= self._swept_on + EVERY_DAYS and self._all_came_since < today - keep:
            self._swept_on = day
            self._horizons = (day - keep, today - keep)
            self._start(counting=True)

    def _start(self, *, counting: bool) -> None:
        self._counting = counting
        self._seen = self._old = 0
        self._came_on = None
        self._left = self._store.vins()
        self._forgetting.held_back.pop(self._number, None)

    def _look_at(self, vin: str, *, stays: bool) -> bool:
        data = self._store.get(vin)
        if data is None:
            return False
        self._seen += 1
        record = records.decode(data)
        if record.filed:
            came_on = record.received_on
            self._came_on = came_on if self._came_on is None else min(self._came_on, came_on)
        if stays or not self._has_its_time(record):
            return False
        self._old += 1
        if self._counting:
            return False
        self._closing.close(vin, record)
        revision = _next_revision(record)
        if revision:
            self._store.put(vin, records.encode(VehicleRecord(first_revision=revision)))
        else:
            self._store.delete(vin)
        return True

    def _has_its_time(self, record: VehicleRecord) -> bool:
        event_horizon, arrival_horizon = self._horizons
        if not record.filed or self._closing.outlives(record):
            return False
        newest = max(entry.document.day for entry in record.filed)
        return newest < event_horizon and record.received_on < arrival_horizon

    def _end_of_pass(self) -> None:
        self._left = None
        self._all_came_since = self._came_on or 0
        if not self._counting or not self._old:
            return
        before = self._horizons[0]
        few = self._old <= max(FEW, MOST_SHARE * self._seen)
        if few or self._forgetting.allowed_before >= before:
            self._start(counting=False)
        else:
            self._forgetting.held_back[self._number] = HeldBack(self._old, self._seen, before)


def _next_revision(record: VehicleRecord) -> int:
    """Revision above all that was said of a vehicle; 0 where nothing was."""
    return max([record.first_revision, *(alert.revision + 1 for alert in record.alerts)])
