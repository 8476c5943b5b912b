"""One partition that this worker owns: its engine, its state, and what waits to be written.

Documents go in; alerts, dead letters and state come out in transactions, and only then are the
documents acknowledged. Whatever point a crash hits, documents not acknowledged come again and are
duplicates of what the state holds, or find the state as it was before them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from aiokafka.structs import ConsumerRecord, TopicPartition

from detectors.documents import EVENT_TYPES
from detectors.watermarks import NewestDays
from streams.engine.engine import Engine
from streams.engine.results import Result
from streams.kafka.markers import MARKER_KEY
from streams.kafka.topic_reader import TopicRecord, read_to_end
from streams.kafka.transaction_buffer import Entry, TransactionBuffer
from streams.service.identity_check import IDENTITIES_KEY
from streams.service.intake import Intake
from streams.service.outgoing import add_alerts, add_exports
from streams.service.partition_context import PartitionContext
from streams.service.partition_store import PartitionStore
from streams.service.province_desk import MEMORY_KEY, PARTITION, ProvinceDesk
from streams.service.shared_watermarks import DESK_KEY, NEWEST_KEY, decode_newest, encode_newest
from streams.service.state_ttl import StateTtl
from streams.service.transactions import Transactions, persistently

JUDGE_SLICE = 200
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


class OwnedPartition:
    """State machine of one partition: open, recover, then process and flush until it goes.

    Parameters
    ----------
    number
        The partition.
    store
        Its vehicles, as far as this worker has them already.
    surroundings
        What the partitions of this worker share.
    """

    def __init__(self, number: int, store: PartitionStore, surroundings: PartitionContext) -> None:
        self.number = number
        self.store = store
        self.around = surroundings
        self.ready = asyncio.Event()
        self.engine = Engine(
            surroundings.catalogue,
            store,
            watermarks=surroundings.watermarks,
            keyed=True,
            decode=surroundings.decode,
        )
        self._changelog = TopicPartition(surroundings.names.vehicles, number)
        self._transactions = Transactions(self._changelog, surroundings)
        self._outbox = TransactionBuffer()
        self._intake = Intake(self.engine, self._outbox, surroundings.names, surroundings.observer)
        self._pending = _Pending([], 0, time.time() * 1000)
        self._newest: NewestDays = {}
        self._unjudged: Iterator[str] = iter(())
        self.unjudged = 0
        """About how many vehicles are still to be judged again; 0 only when all have been."""
        self._unknown = True
        """Whether there are vehicles that others judged last, or an earlier life of this worker."""
        self.desk: ProvinceDesk | None = None
        """The provinces' counts, where this partition keeps them."""
        self._announced = True
        if number == PARTITION:
            self.desk = ProvinceDesk(
                surroundings.connection,
                surroundings.names.province_exports,
                surroundings.catalogue.policy,
                surroundings.watermarks,
            )
        self._sweeper = StateTtl(store, surroundings.retention_days)
        self._transaction_seconds = 0.0
        """What the last transaction took."""
        self._work = asyncio.Event()
        self._urgent = asyncio.Event()
        self._flushed = asyncio.Event()
        self.in_transaction = False
        """Whether a transaction is under way."""

    # -- life

    async def run(self, on_ready: Callable[[OwnedPartition], None]) -> None:
        """Own the partition until cancelled.

        Raises
        ------
        LostPartitionError
            Another worker has taken it over.
        """
        self.ready.clear()
        following = None
        try:
            await self._take_over()
            self.ready.set()
            on_ready(self)
            if self.desk is not None:
                following = asyncio.create_task(self.desk.follow())
            while True:
                await self._wait_for_work()
                await self._flush()
        finally:
            self.ready.clear()
            self._flushed.set()
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def close(self) -> None:
        """Let go of producer and files."""
        await self._transactions.close()
        self.store.backend.close()

    async def settle(self) -> None:
        """Write out everything at once, so that nothing is in flight."""
        while self.ready.is_set() and self.unsettled:
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
        return bool(self._pending.events or self.store.changed or self._outbox)

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written, once it has been so for seconds; None where all is well."""
        return self._transactions.trouble

    @property
    def unflushed_documents(self) -> int:
        """Documents that wait for a transaction."""
        return self._pending.documents

    async def wait_for_room(self, most: int) -> None:
        """Return when fewer than `most` documents wait for a transaction."""
        while self.ready.is_set() and self._pending.documents >= most:
            self._flushed.clear()
            self._urgent.set()
            await self._flushed.wait()

    # -- documents

    def process(self, records: Sequence[ConsumerRecord], event: Acknowledgeable) -> None:
        """Take a batch in; its event is acknowledged when all that follows is written."""
        self._intake.receive(records)
        if not self._pending.events:
            self._pending.oldest_ms = records[0].timestamp
        self._pending.events.append(event)
        self._pending.documents += len(records)
        self._work.set()

    def judge(self) -> None:
        """Judge the vehicles of the documents that were received."""
        self._collect(self._intake.judge())

    def catch_up(self) -> None:
        """Meet the deadlines that the watermarks have crossed since the last judgement."""
        if self._intake.documents:
            return  # their transaction is near, and its judgement meets the deadlines
        self.judge()
        if self._outbox:
            self._work.set()

    def judge_provinces(self) -> None:
        """Judge the provinces' counts, where this partition keeps them."""
        alerts = self.desk.judge() if self.desk is not None else []
        if alerts and self.desk is not None:
            self._collect(Result(alerts=alerts))
            memory = self.desk.book.memory()
            self._outbox.add(self.around.names.vehicles, self.number, MEMORY_KEY, memory)
            self._work.set()

    def adopt(self) -> None:
        """Judge by the catalogue that the surroundings hold now; stored vehicles follow in slices."""
        self.engine.adopt(self.around.catalogue)
        self._judge_all_again()

    def judge_stored(self) -> None:
        """Judge a slice of those vehicles again that wait for it."""
        # First with what came: it may be the document that a deadline waits for.
        self.judge()
        vins = list(islice(self._unjudged, JUDGE_SLICE))
        more = len(vins) == JUDGE_SLICE
        self.unjudged = max(1, self.unjudged - JUDGE_SLICE) if more else 0
        self._collect(self.engine.rejudge(vins))
        if self.store.changed:
            self._work.set()

    def _judge_all_again(self) -> None:
        self._unjudged = self.store.vins()
        self.unjudged = max(1, len(self.store.backend) + self.store.changed)

    def forget_old(self) -> None:
        """Let vehicles go whose last document is older than the retention; a slice at a time."""
        reached = [
            day
            for event_type in EVENT_TYPES
            if (day := self.around.watermarks.complete_through(event_type)) is not None
        ]
        forgotten = self._sweeper.step(max(reached, default=None), self._intake.vehicles)
        if forgotten:
            self.around.metrics.expired_vehicles.inc(forgotten)
            self._work.set()

    def _collect(self, result: Result) -> None:
        add_alerts(self._outbox, self.around.names, self.around.partitions, result.alerts)
        add_exports(self._outbox, self.around.names, result.exports)
        self.around.observer.result(self.number, result)

    # -- writing

    async def _wait_for_work(self) -> None:
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
        return min(self.around.flush_seconds, paced)

    async def _flush(self) -> None:
        self.in_transaction = True
        entries, pending = self._take_all()
        try:
            started = time.perf_counter()
            end = await self._transactions.commit(entries, self.store.backend.position)
            self._transaction_seconds = time.perf_counter() - started
            self.around.metrics.transaction_seconds.observe(self._transaction_seconds)
            self.store.confirm(end)
        finally:
            self.in_transaction = False
        for event in pending.events:
            event.ack()
        if pending.events:
            self.around.metrics.event_age.observe(max(0.0, time.time() - pending.oldest_ms / 1000))
        for where, records in entries.items():
            self.around.metrics.written_records.labels(where.topic).inc(len(records))
        self.around.metrics.vehicles.labels(str(self.number)).set(len(self.store.backend))
        self._flushed.set()

    def _take_all(self) -> tuple[dict[TopicPartition, list[Entry]], _Pending]:
        """Judge what waits and swap out, without a pause, all that belongs into one transaction."""
        self.judge()
        pending, self._pending = self._pending, _Pending([], 0, 0.0)
        names = self.around.names
        changes = self.store.begin()
        self._outbox.extend(
            names.vehicles,
            self.number,
            [(vin.encode(), record, []) for vin, record in changes.items()],
        )
        if self.around.watermarks.newest != self._newest:
            self._newest = dict(self.around.watermarks.newest)
            newest = encode_newest(self._newest)
            self._outbox.add(names.vehicles, self.number, NEWEST_KEY, newest)
            self._outbox.add(names.watermarks, 0, str(self.number).encode(), newest)
        if not self._announced:
            self._announced = True
            self._outbox.add(names.watermarks, 0, IDENTITIES_KEY, self.around.identities)
            if self.desk is not None:
                self._outbox.add(names.watermarks, 0, DESK_KEY, self.around.url.encode())
        return self._outbox.take(), pending

    # -- taking over

    async def _take_over(self) -> None:
        """Fence the last owner, then read what the changelog holds beyond our state."""
        started = time.perf_counter()
        await self._transactions.take_over()
        await persistently(self._recover)
        self.around.metrics.recovery_seconds.observe(time.perf_counter() - started)
        self.around.metrics.recovery_progress.labels(str(self.number)).set(1)
        if self._unknown:
            # The engine does not know the deadlines of vehicles that it has not judged itself,
            # and the last owner may have judged by another policy or model.
            self._judge_all_again()
            self._unknown = False
        # The first transaction of an owner says who it is.
        self._announced = False
        self._work.set()

    async def _recover(self) -> None:
        """Read the changelog from our position to its end."""
        start = self.store.backend.position
        progress = self.around.metrics.recovery_progress.labels(str(self.number))
        async for batch in read_to_end(self.around.connection, self._changelog, start):
            self._unknown = self._unknown or bool(batch.records)
            self.store.restore(self._vehicles(batch.records), batch.position)
            self.around.metrics.recovered_records.inc(len(batch.records))
            progress.set((batch.position - start) / max(1, batch.end - start))
        for _ in self.store.restored():
            await asyncio.sleep(0)

    def _vehicles(self, records: Sequence[TopicRecord]) -> dict[bytes, bytes | None]:
        """Last record of each vehicle; what else the changelog holds is remembered."""
        last: dict[bytes, bytes | None] = {record.key: record.value for record in records}
        last.pop(MARKER_KEY, None)
        newest, memory = last.pop(NEWEST_KEY, None), last.pop(MEMORY_KEY, None)
        if newest is not None:
            self.around.watermarks.reach_all(decode_newest(newest))
        if memory is not None:
            assert self.desk is not None  # noqa: S101 - written by the owner of this partition
            self.desk.book.remember(memory)
        return last
