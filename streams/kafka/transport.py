"""Faust's aiokafka transport, delivering batches and committing exactly what is done.

Subclasses and documented hooks only. The private methods that are overridden are listed in
`PRIVATE_HOOKS`; `tests/service/test_faust_hooks.py` fails when a new Faust changes one. Those of
the worker are overridden in `streams.service.worker`.

Faults of stock Faust 0.15.3 are avoided on the way. It can commit past a message that is still
being worked on, when offsets have gaps (compaction, transactions) or acknowledgements come out of
order. It can skip records in a rebalance: a fetch that began before it and ends after it delivers
records from where the old assignment stood, or takes records that are then dropped because their
partition is paused; and seeking to the committed offsets moves no partition that has none. And it
sleeps a full second when no partition can take records.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from streams.kafka.batches import BatchMessage, BatchScheduler, RecordBatch, SpanLedger
from streams.kafka.consumer_thread import CommittedReadsThread
from streams.kafka.lenient_headers import read_any_header_name
from streams.kafka.light_records import read_light_records
from streams.kafka.patience import Patience

ROOM_CHECK_SECONDS = 0.5

PRIVATE_HOOKS = {
    "faust.transport.consumer.Consumer": (
        "_to_message(self, tp, record)",
        "_add_gap(self, tp, offset_from, offset_to)",
        "_new_offset(self, tp)",
        "_filter_tps_with_pending_acks(self, topics=None)",
        "_wait_next_records(self, timeout)",
        "_get_active_partitions(self)",
        "on_partitions_revoked(self, revoked)",
        "perform_seek(self)",
        "seek(self, partition, offset)",
        "on_buffer_drop(self, tp)",
        "resume_partitions(self, tps)",
        "on_partitions_assigned(self, assigned, generation_id=0)",
    ),
    "faust.transport.consumer.ThreadDelegateConsumer": ("_getmany(self, active_partitions, timeout)",),
    "faust.transport.drivers.aiokafka.Consumer": ("_new_consumer_thread(self)",),
    "faust.transport.drivers.aiokafka.AIOKafkaConsumerThread": (
        "_create_worker_consumer(self, transport)",
        "on_start(self)",
        "commit(self, offsets)",
    ),
    "faust.app.base.App": ("_new_transport(self)",),
    "mode.threads.ServiceThread": ("set_shutdown(self)",),
    "faust.worker.Worker": ("_crash(self, reason)", "_on_sigint(self)", "_on_sigterm(self)"),
}


log = structlog.get_logger("zeromile.transport")

read_any_header_name()
read_light_records()


class BatchConsumer(driver.Consumer):
    """Faust's Kafka consumer, with batches for the topics of its scheduler.

    A partition can be held back (`hold`) until its state is there (`release`): Faust then does
    not take its records, however often a rebalance resumes it.
    """

    scheduler: BatchScheduler

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ledger = SpanLedger()
        self._room = asyncio.Event()
        self._held: set[TP] = set()
        self._read_through: dict[TP, int] = {}
        """Offsets before which nothing is left to do, where the last of them are no documents: markers
        of other people's transactions take offsets too."""
        self._expected: dict[TP, int] = {}
        """Offset after the last delivered one."""
        self.jumps: list[tuple[TP, int, int]] = []
        """Partitions whose next record was not the expected one: what was expected, and what came."""
        self._moves = 0
        """How often positions may have moved; what a fetch brings across a move is not used."""
        super().__init__(*args, **kwargs)

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return CommittedReadsThread(self, loop=self.loop, beacon=self.beacon)

    def _batched(self, tp: TP) -> bool:
        return tp.topic in self.scheduler.topics

    # -- delivery

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:
        if not isinstance(record, RecordBatch):
            return super()._to_message(tp, record)
        message = BatchMessage(tp, record, self.app.consumer_generation_id)
        already_read = self._read_offset[tp]
        # The caller drops what lies before the read offset, by this same test.
        if already_read is None or record.first >= already_read:
            self._ledger.deliver(tp, message.span)
            expected = self._expected.get(tp, self._committed_offset[tp])
            if expected is not None and record.first > expected:
                self.jumps.append((tp, expected, record.first))
            self._expected[tp] = record.last + 1
        return message

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        # Batches need no gaps: a span ends where the next begins, whatever offsets are missing.
        # Elsewhere Faust's interval counts `offset_to`, which has not been processed yet.
        if not self._batched(tp):
            await super()._add_gap(tp, offset_from, offset_to - 1)

    # -- commit

    def _new_offset(self, tp: TP) -> int | None:
        if not self._batched(tp):
            return super()._new_offset(tp)
        self._acked_index[tp].clear()
        self._acked[tp].clear()
        offset = self._ledger.committable(tp)
        if self._ledger.idle(tp):
            through = self._read_through.get(tp, 0)
            if through > max(offset or 0, self._committed_offset[tp] or 0):
                return through
        return offset

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        stock = list(super()._filter_tps_with_pending_acks(topics))
        yield from stock
        for tp in {*self._ledger.partitions(), *self._read_through}:
            if tp not in stock and (topics is None or tp in topics or tp.topic in topics):
                yield tp

    def forget(self, partitions: Iterable[TP]) -> None:
        """Stop waiting for batches of partitions that another worker owns by now."""
        lost = set(partitions)
        for tp in lost:
            self._ledger.forget(tp)
            self._read_through.pop(tp, None)
        for message in [m for m in self._unacked_messages if m.tp in lost]:
            self._unacked_messages.discard(message)

    def lag(self) -> dict[TP, int]:
        """Offsets up to the last stable one beyond the committed one, per assigned batch partition."""
        behind: dict[TP, int] = {}
        for tp in self.assignment():
            end = self._last_stable_offset(tp) if self._batched(tp) else None
            if end is not None:
                behind[tp] = max(0, end - (self._committed_offset[tp] or 0))
        return behind

    @property
    def refusal(self) -> BaseException | None:
        """Why the group does not take this worker, None where it does."""
        return self._committed_reads.refusal

    @property
    def _committed_reads(self) -> CommittedReadsThread:
        thread = self._thread
        assert isinstance(thread, CommittedReadsThread)  # noqa: S101 - made above
        return thread

    def _state(self, tp: TP) -> Any:
        """What aiokafka knows of a partition, None where it is not assigned."""
        return self._committed_reads.state_of(tp)

    def _last_stable_offset(self, tp: TP) -> int | None:
        state = self._state(tp)
        return None if state is None else state.lso

    def _note_read_through(self, records: Mapping[TP, Any] | None) -> None:
        """Note how far a fetch came that brought no documents, where all before it are done.

        What earlier fetches brought has been delivered by now: Faust asks for more only then.
        """
        for tp in self.assignment():
            if not self._batched(tp) or tp in self._held or not self._ledger.idle(tp):
                continue
            if records and tp in records:
                continue
            state = self._state(tp)
            if state is not None and state.has_valid_position:
                self._read_through[tp] = state.position

    # -- rebalance and seek

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Wait for running batches, commit what is done, then forget the partitions."""
        self._moves += 1
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._ledger.forget(tp)
        self._read_through.clear()
        self._expected.clear()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Take note that positions are others now."""
        self._moves += 1
        await super().on_partitions_assigned(assigned, generation_id)

    async def perform_seek(self) -> None:
        """Seek to the committed offsets; whatever was delivered before comes again."""
        self._moves += 1
        self._ledger.clear()
        self._read_through.clear()
        self._expected.clear()
        await super().perform_seek()
        # Stock leaves a partition without a commit where it is, beyond records that were dropped.
        start = {tp: 0 for tp in self.assignment() if self._batched(tp) and not self._read_offset[tp]}
        if start:
            await self.seek_wait(start)
        self._moves += 1

    async def seek(self, partition: TP, offset: int) -> None:
        """Seek one partition."""
        self._moves += 1
        self._ledger.forget(partition)
        self._read_through.pop(partition, None)
        self._expected.pop(partition, None)
        await super().seek(partition, offset)

    async def _getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,
    ) -> Any:
        # A copy: Faust empties its set in a rebalance, and an empty set means all partitions.
        wanted = None if active_partitions is None else set(active_partitions)
        moves = self._moves
        records = await super()._getmany(wanted, timeout)
        if moves == self._moves:
            self._note_read_through(records)
            return records
        await self._seek_anew()
        return {}

    async def _seek_anew(self) -> None:
        """Undo what a fetch across a rebalance did to the positions."""
        patience = Patience(log, "positions cannot be set yet")
        while not self.should_stop:
            if not self.flow_active:
                await self.wait(self.can_resume_flow)  # type: ignore[arg-type] # as Faust does
            if not self.assignment():
                return  # a spare worker: there is nothing to seek
            try:
                await self.perform_seek()
            except (KafkaError, AssertionError) as error:
                # The next rebalance has begun, or the broker is away.
                await self.sleep(patience.failed(error))
            else:
                patience.worked()
                return

    # -- partitions that are not ready

    def hold(self, partitions: Iterable[TP]) -> None:
        """Take no records of these partitions until they are released."""
        held = set(partitions)
        self._held |= held
        self.pause_partitions(held)

    def release(self, partitions: Iterable[TP]) -> None:
        """Take records of these partitions again, as far as they are still assigned."""
        released = set(partitions) & self._held
        self._held -= released
        super().resume_partitions(released & set(self.assignment()))
        self._room.set()

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Resume all but the held ones; Faust calls this after every rebalance."""
        super().resume_partitions(set(tps) - self._held)

    # -- back-pressure

    def on_buffer_drop(self, tp: TP) -> None:
        """Wake the fetcher as soon as the agent has taken a batch."""
        super().on_buffer_drop(tp)
        self._room.set()

    async def _wait_next_records(self, timeout: float) -> Any:
        while self.flow_active and not self._get_active_partitions() and not self.should_stop:
            self._room.clear()
            try:
                await asyncio.wait_for(self._room.wait(), ROOM_CHECK_SECONDS)
            except TimeoutError:
                continue
        return await super()._wait_next_records(timeout)
