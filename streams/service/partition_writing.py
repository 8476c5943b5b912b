"""What a partition has to write, and the transactions in which it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from aiokafka.structs import ConsumerRecord, TopicPartition

from streams.engine.results import Result
from streams.kafka.transaction_buffer import Entry, TransactionBuffer
from streams.service.identity_check import IDENTITIES_KEY
from streams.service.outgoing import add_alerts, add_exports
from streams.service.partition_context import PartitionContext
from streams.service.partition_store import PartitionStore
from streams.service.province_desk import MEMORY_KEY, PARTITION
from streams.service.shared_watermarks import (
    DESK_KEY,
    NEWEST_KEY,
    SourceProgress,
    encode_newest,
    progress_of,
)
from streams.service.terms import TERMS_KEY
from streams.service.transactions import Transactions

SHORTEST_WAIT_SECONDS = 0.03


class Acknowledgeable(Protocol):
    """The part of a Faust event that matters here."""

    def ack(self) -> bool:
        """Say that everything the batch led to is written."""


@dataclass(slots=True)
class _Pending:
    """Batches that wait for a transaction."""

    events: list[Acknowledgeable]
    documents: int
    oldest_ms: float
    first: str = ""
    """Where the first of them was read."""


class PartitionWriting:
    """Collects what a partition wants written, and writes it.

    Parameters
    ----------
    changelog
        Whose number is the partition's.
    store
        The partition's vehicles.
    surroundings
        What the partitions of this worker share.
    ready
        Set while the partition has its state and nobody has taken it over.
    """

    def __init__(
        self,
        changelog: TopicPartition,
        store: PartitionStore,
        surroundings: PartitionContext,
        ready: asyncio.Event,
    ) -> None:
        self.outbox = TransactionBuffer()
        self.transactions = Transactions(changelog, surroundings)
        self._number = changelog.partition
        self._store = store
        self._around = surroundings
        self._ready = ready
        self._pending = _Pending([], 0, time.time() * 1000)
        self._progress: set[SourceProgress] = set()
        """What of the watermarks is written."""
        self._moves = 0
        self._announced = True
        self._transaction_seconds = 0.0
        """What the last transaction took."""
        self._work = asyncio.Event()
        self._urgent = asyncio.Event()
        self._flushed = asyncio.Event()
        self._writing_since = ""
        self.in_transaction = False
        """Whether a transaction is under way."""

    # -- what is to be written

    def add_batch(self, records: Sequence[ConsumerRecord], event: Acknowledgeable) -> None:
        """Have a batch's event acknowledged when all that follows from it is written."""
        if not self._pending.events:
            self._pending.oldest_ms = records[0].timestamp
            self._pending.first = f"{records[0].topic}, offset {records[0].offset}"
        self._pending.events.append(event)
        self._pending.documents += len(records)
        self._work.set()

    def add_result(self, result: Result) -> None:
        """Add what an engine said."""
        add_alerts(self.outbox, self._around.names, self._around.partitions, result.alerts)
        add_exports(self.outbox, self._around.names, result.exports)
        self._around.observer.result(self._number, result)

    def add_memory(self, memory: bytes) -> None:
        """Add what a restart must remember of the provinces."""
        self.outbox.add(self._around.names.vehicles, self._number, MEMORY_KEY, memory)
        self._work.set()

    def announce(self) -> None:
        """Say in the next transaction who the owner is."""
        self._announced = False
        self._work.set()

    def request(self) -> None:
        """Ask for a transaction if there is anything to write."""
        if self.outbox or self._store.changed:
            self._work.set()

    # -- how far it is

    @property
    def trouble(self) -> str | None:
        """Where and why nothing gets written, once it has been so for seconds; None if all is well."""
        why = self.transactions.trouble
        if why is None:
            return None
        return f"stuck at {self._writing_since}: {why}" if self._writing_since else f"stuck: {why}"

    async def settle(self) -> None:
        """Write out everything at once, so that nothing is in flight."""
        while self._ready.is_set() and self.unsettled:
            self._flushed.clear()
            if self._waits_for_transaction:
                self._urgent.set()
                self._work.set()
            # Else the one under way is the last: to ask for more would start them for ever.
            await self._flushed.wait()

    @property
    def unsettled(self) -> bool:
        """Whether something still waits for its transaction or is in one."""
        return self._waits_for_transaction or self.in_transaction

    @property
    def _waits_for_transaction(self) -> bool:
        return bool(self._pending.events or self._store.changed or self.outbox)

    @property
    def documents(self) -> int:
        """Documents that wait for a transaction."""
        return self._pending.documents

    async def wait_for_room(self, most: int) -> None:
        """Return when fewer than `most` documents wait for a transaction."""
        while self._ready.is_set() and self._pending.documents >= most:
            self._flushed.clear()
            self._urgent.set()
            await self._flushed.wait()

    def release_waiting(self) -> None:
        """Let those go on who wait for a transaction: there is none to come."""
        self._flushed.set()

    # -- writing

    async def wait_for_work(self) -> None:
        """Return when it is time for a transaction."""
        await self._work.wait()
        if not self._urgent.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), self._collecting_seconds())
        self._work.clear()
        self._urgent.clear()

    def _collecting_seconds(self) -> float:
        """Time to collect for a transaction: as long as the last one took.

        Where the broker answers in 20 ms alerts leave at once, and where everything is busy few large
        transactions are written.
        """
        paced = max(SHORTEST_WAIT_SECONDS, self._transaction_seconds)
        return min(self._around.flush_seconds, paced)

    async def flush(self, judge: Callable[[], None]) -> None:
        """Write what there is in one transaction, and acknowledge its batches.

        Parameters
        ----------
        judge
            Judges what waits, right before all is taken that belongs into the transaction.
        """
        self.in_transaction = True
        judge()
        entries, pending = self._take_all()
        self._writing_since = pending.first
        try:
            started = time.perf_counter()
            end = await self.transactions.commit(entries, self._store.backend.position)
            self._transaction_seconds = time.perf_counter() - started
            self._around.metrics.transaction_seconds.observe(self._transaction_seconds)
            self._store.confirm(end)
        finally:
            self.in_transaction = False
        for event in pending.events:
            event.ack()
        if pending.events:
            self._around.metrics.event_age.observe(max(0.0, time.time() - pending.oldest_ms / 1000))
        for where, records in entries.items():
            self._around.metrics.written_records.labels(where.topic).inc(len(records))
        self._around.metrics.vehicles.labels(str(self._number)).set(len(self._store.backend))
        self._flushed.set()

    def _take_all(self) -> tuple[dict[TopicPartition, list[Entry]], _Pending]:
        """Swap out, without a pause, all that belongs into one transaction."""
        pending, self._pending = self._pending, _Pending([], 0, 0.0)
        names = self._around.names
        changes = self._store.begin()
        self.outbox.extend(
            names.vehicles,
            self._number,
            [(vin.encode(), record, []) for vin, record in changes.items()],
        )
        self._add_progress()
        if not self._announced:
            self._announced = True
            self._announce()
        return self.outbox.take(), pending

    def _add_progress(self) -> None:
        """Write what is new of the sources: they may be many, and most stay where they are."""
        names, watermarks = self._around.names, self._around.watermarks
        if watermarks.moves == self._moves:
            return
        self._moves = watermarks.moves
        written, self._progress = self._progress, set(progress_of(watermarks))
        for one in sorted(self._progress - written):
            newest = encode_newest(one)
            self.outbox.add(names.vehicles, self._number, one.key(NEWEST_KEY), newest)
            self.outbox.add(names.watermarks, 0, one.key(b"%d" % self._number), newest)

    def _announce(self) -> None:
        names = self._around.names
        self.outbox.add(names.watermarks, 0, IDENTITIES_KEY, self._around.identities)
        self.outbox.add(names.watermarks, 0, TERMS_KEY, self._around.terms.encode())
        if self._number == PARTITION:
            self.outbox.add(names.watermarks, 0, DESK_KEY, self._around.url.encode())
