"""Which partitions this worker owns, through every rebalance."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from faust.types import TP
from mode import Service

from detectors.errors import ZeromileError
from streams.kafka.batch_app import BatchApp
from streams.kafka.transport import BatchConsumer
from streams.service.metrics import Metrics
from streams.service.owned_partition import OwnedPartition
from streams.service.transactions import LostPartitionError

log = structlog.get_logger("zeromile.partitions")

SETTLE_SECONDS = 20.0
TICK_SECONDS = 0.25
JUDGE_PAUSE_SECONDS = 0.02


class PartitionsAddedError(ZeromileError):
    """The document topics were given partitions while workers ran."""


class PartitionManager(Service):
    """Opens, keeps, and closes partitions as Faust assigns and revokes them.

    The group protocol revokes everything before it assigns anew. A partition that comes back
    keeps its state and reads only what the changelog has got since, usually nothing.

    Parameters
    ----------
    app
        The Faust application, whose consumer holds back partitions that are not ready.
    topics
        The document topics.
    partitions
        How many each of them has for its life.
    open_partition
        Makes the partition with its store and engine.
    metrics
        Where the number of partitions is shown.
    """

    def __init__(
        self,
        app: BatchApp,
        topics: Iterable[str],
        partitions: int,
        open_partition: Callable[[int], OwnedPartition],
        metrics: Metrics,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type] # options of mode's Service
        self._app = app
        self._topics = frozenset(topics)
        self._partitions = partitions
        self._open_partition = open_partition
        self._metrics = metrics
        self._runs: dict[int, asyncio.Task[None]] = {}
        self.owned: dict[int, OwnedPartition] = {}
        self.assigned: set[int] = set()
        self.assigned_once = False

    @property
    def ready(self) -> bool:
        """Whether there was an assignment, and all of it is recovered and can be written."""
        return self.recovered and not self.troubles

    @property
    def recovered(self) -> bool:
        """Whether there was an assignment and all of it has its state."""
        return self.assigned_once and all(
            number in self.owned and self.owned[number].ready.is_set() for number in self.assigned
        )

    @property
    def held_back(self) -> int:
        """Vehicles older than the retention that wait for a person's word to be forgotten."""
        return sum(partition.held_back for partition in self.owned.values())

    @property
    def troubles(self) -> dict[int, str]:
        """Partitions whose transactions have been failing for seconds, and why."""
        return {n: p.trouble for n, p in self.owned.items() if p.trouble is not None}

    @property
    def busy(self) -> bool:
        """Whether something waits for a transaction or is in one."""
        return any(partition.writing.unsettled for partition in self.owned.values())

    @property
    def _consumer(self) -> BatchConsumer:
        consumer = self._app.consumer
        assert isinstance(consumer, BatchConsumer)  # noqa: S101 - made by our own transport
        return consumer

    def _topic_partitions(self, numbers: Iterable[int]) -> set[TP]:
        return {TP(topic, number) for topic in self._topics for number in numbers}

    # -- Faust's signals

    async def on_partitions_revoked(self, *_: Any, **__: Any) -> None:
        """Settle what is in flight; keep the state until the next assignment."""
        self._consumer.hold(self._topic_partitions(self.owned))
        await asyncio.gather(*(self._suspend(number) for number in list(self.owned)))
        self.assigned.clear()

    async def on_partitions_assigned(self, *about: Any, **__: Any) -> None:
        """Start what is ours now and drop what is not; recovery goes on in the background."""
        assigned: set[TP] = about[1]  # after the application
        self.assigned = {tp.partition for tp in assigned if tp.topic in self._topics}
        self.assigned_once = True
        if max(self.assigned, default=0) >= self._partitions:
            await self._app.crash(PartitionsAddedError(_added(self._partitions, self.assigned)))
            return
        self._consumer.hold(self._topic_partitions(self.assigned))
        for number in set(self.owned) - self.assigned:
            await self._drop(number)
        for number in self.assigned:
            self._start(number)
        log.info("partitions assigned", partitions=sorted(self.assigned))

    def adopt(self) -> None:
        """Let every partition judge by the catalogue that the surroundings hold now."""
        for partition in self.owned.values():
            partition.adopt()

    # -- life of one partition

    def _start(self, number: int) -> None:
        if number not in self.owned:
            self.owned[number] = self._open_partition(number)
        self._runs[number] = self.add_future(self._run(self.owned[number]))  # type: ignore[assignment] # mode wraps it in a task

    async def _run(self, partition: OwnedPartition) -> None:
        try:
            await partition.run(self._on_ready)
        except asyncio.CancelledError:
            raise
        except LostPartitionError:
            await self._lose(partition)
        except Exception as error:
            log.exception("partition failed", partition=partition.number)
            await self._app.crash(error)

    def _on_ready(self, partition: OwnedPartition) -> None:
        log.info("partition ready", partition=partition.number, vehicles=len(partition.store.backend))
        self._consumer.release(self._topic_partitions([partition.number]))

    async def _lose(self, partition: OwnedPartition) -> None:
        """Give up a partition that was taken over; the group will tell us what is ours."""
        log.warning("partition has another owner", partition=partition.number)
        number = partition.number
        self._metrics.lost_partitions.inc()
        self._consumer.hold(self._topic_partitions([number]))
        self._consumer.forget(self._topic_partitions([number]))
        self._runs.pop(number, None)
        await self._drop(number, lost=True)
        self.add_future(self._expect_rebalance(self._app.rebalancing_count))

    async def _expect_rebalance(self, count: int) -> None:
        """A lost partition is only right if a rebalance follows; otherwise start over."""
        await self.sleep(self._app.conf.broker_session_timeout * 2)
        if not self.should_stop and self._app.rebalancing_count == count:
            await self._app.crash(
                LostPartitionError("a partition has another owner, but no rebalance followed")
            )

    async def _suspend(self, number: int) -> None:
        partition = self.owned[number]
        try:
            await asyncio.wait_for(partition.writing.settle(), SETTLE_SECONDS)
        except TimeoutError:
            log.warning(
                "partition could not be settled in time",
                partition=number,
                documents=partition.writing.documents,
                in_transaction=partition.writing.in_transaction,
            )
        await self._cancel(number)
        if partition.writing.unsettled:
            # What the broker has of it is uncertain: read it anew when it comes back.
            await self._drop(number, lost=True)

    async def _cancel(self, number: int) -> None:
        task = self._runs.pop(number, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _drop(self, number: int, *, lost: bool = False) -> None:
        await self._cancel(number)
        partition = self.owned.pop(number, None)
        if partition is not None:
            if lost:
                partition.store.abandon()
            await partition.close()
            self._metrics.forget_partition(number)

    async def on_stop(self) -> None:
        """Write out everything, so that a stop leaves nothing to repeat."""
        for number in list(self.owned):
            await self._suspend(number)
            await self._drop(number)

    # -- what happens without documents

    @Service.task
    async def _tick(self) -> None:
        while not self.should_stop:
            await self.sleep(TICK_SECONDS)
            for partition in list(self.owned.values()):
                stuck = partition.writing.transactions.troubled_seconds
                self._metrics.stuck_seconds.labels(str(partition.number)).set(stuck)
                if partition.ready.is_set():
                    partition.catch_up()
                    partition.judge_provinces()
                    partition.forget_old()
            ready = sum(p.ready.is_set() for p in self.owned.values())
            self._metrics.partitions.labels("ready").set(ready)
            self._metrics.partitions.labels("recovering").set(len(self.assigned) - ready)
            self._metrics.unjudged_vehicles.set(sum(p.unjudged for p in self.owned.values()))

    @Service.task
    async def _judge_stored(self) -> None:
        while not self.should_stop:
            waiting = [p for p in self.owned.values() if p.ready.is_set() and p.unjudged]
            for partition in waiting:
                partition.judge_stored()
                await self.sleep(JUDGE_PAUSE_SECONDS)
            if not waiting:
                await self.sleep(TICK_SECONDS)


def _added(partitions: int, assigned: Iterable[int]) -> str:
    new = sorted(number for number in assigned if number >= partitions)
    return (
        f"document topics have partitions {new}, ZEROMILE_PARTITIONS is {partitions}: they were added "
        "while workers ran, and documents now go elsewhere than the vehicles they belong to. Stop the "
        "publishers; Kafka takes no partition away, so publish all documents again under a new "
        "ZEROMILE_TOPIC_PREFIX"
    )
