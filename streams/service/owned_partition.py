"""One partition that this worker owns: its engine, its state, and what waits to be written.

Documents go in; alerts, dead letters and state come out in transactions, and only then are the
documents acknowledged. Whatever point a crash hits, documents not acknowledged come again and are
duplicates of what the state holds, or find the state as it was before them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from aiokafka.structs import ConsumerRecord, TopicPartition

from detectors.documents import EVENT_TYPES
from streams.engine.engine import Engine
from streams.engine.results import Result
from streams.service.closing import Closing
from streams.service.intake import Intake
from streams.service.partition_context import PartitionContext
from streams.service.partition_store import PartitionStore
from streams.service.partition_writing import Acknowledgeable, PartitionWriting
from streams.service.province_desk import PARTITION, ProvinceDesk
from streams.service.recovery import Recovery
from streams.service.state_ttl import StateTtl

JUDGE_SLICE = 200


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
            clock=surroundings.clock,
        )
        self.desk: ProvinceDesk | None = None
        """The provinces' counts, where this partition keeps them."""
        if number == PARTITION:
            self.desk = ProvinceDesk(
                surroundings.connection,
                surroundings.names.province_exports,
                surroundings.catalogue.policy,
                surroundings.watermarks,
                surroundings.metrics.unreadable_records,
            )
        changelog = TopicPartition(surroundings.names.vehicles, number)
        self._recovery = Recovery(changelog, store, surroundings, self.desk)
        self.writing = PartitionWriting(changelog, store, surroundings, self.ready)
        """What waits to be written."""
        self._intake = Intake(
            self.engine, self.writing.outbox, surroundings.names, surroundings.observer
        )
        self._unjudged: Iterator[str] = iter(())
        self.unjudged = 0
        """About how many vehicles are still to be judged again; 0 only when all have been."""
        self._sweeper = StateTtl(
            number, store, surroundings.forgetting, Closing(self.engine, self.writing.add_result)
        )

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
                await self.writing.wait_for_work()
                await self.writing.flush(self.judge)
        finally:
            self.ready.clear()
            self.writing.release_waiting()
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _take_over(self) -> None:
        """Fence the last owner, then read what the changelog holds beyond our state."""
        await self.writing.transactions.take_over()
        await self._recovery.run()
        if self._recovery.unknown:
            # The engine does not know the deadlines of vehicles that it has not judged itself,
            # and the last owner may have judged by another policy or model.
            self._judge_all_again()
            self._recovery.unknown = False
        # The first transaction of an owner says who it is.
        self.writing.announce()

    async def close(self) -> None:
        """Let go of producer and files."""
        await self.writing.transactions.close()
        self.store.backend.close()

    @property
    def trouble(self) -> str | None:
        """Why nothing can be written, once it has been so for seconds; None where all is well."""
        return self.writing.trouble

    @property
    def held_back(self) -> int:
        """Vehicles that wait for a person's word to be forgotten."""
        held = self.around.forgetting.held_back.get(self.number)
        return 0 if held is None else held.vehicles

    # -- documents

    def process(self, records: Sequence[ConsumerRecord], event: Acknowledgeable) -> None:
        """Take a batch in; its event is acknowledged when all that follows is written."""
        self._intake.receive(records)
        self.writing.add_batch(records, event)

    def judge(self) -> None:
        """Judge the vehicles of the documents that were received."""
        self.writing.add_result(self._intake.judge())

    def catch_up(self) -> None:
        """Meet the deadlines that the watermarks have crossed since the last judgement."""
        if self._intake.documents:
            return  # their transaction is near, and its judgement meets the deadlines
        self.judge()
        self.writing.request()

    def judge_provinces(self) -> None:
        """Judge the provinces' counts, where this partition keeps them."""
        alerts = self.desk.judge() if self.desk is not None else []
        if alerts and self.desk is not None:
            self.writing.add_result(Result(alerts=alerts))
            self.writing.add_memory(self.desk.book.memory())

    def adopt(self) -> None:
        """Judge by the catalogue that the surroundings hold now; stored vehicles follow in slices."""
        self.engine.adopt(self.around.catalogue)
        self._judge_all_again()
        self.writing.announce()

    def judge_stored(self) -> None:
        """Judge a slice of those vehicles again that wait for it."""
        # First with what came: it may be the document that a deadline waits for.
        self.judge()
        vins = list(islice(self._unjudged, JUDGE_SLICE))
        more = len(vins) == JUDGE_SLICE
        self.unjudged = max(1, self.unjudged - JUDGE_SLICE) if more else 0
        self.writing.add_result(self.engine.rejudge(vins))
        self.writing.request()

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
        country = self.around.catalogue.policy.country
        today = country.day_of_instant(int(self.around.clock().timestamp() * 1000))
        forgotten = self._sweeper.step(min(reached, default=None), today, self._intake.vehicles)
        if forgotten:
            self.around.metrics.expired_vehicles.inc(forgotten)
            self.writing.request()
        self.around.metrics.held_back_vehicles.labels(str(self.number)).set(self.held_back)
