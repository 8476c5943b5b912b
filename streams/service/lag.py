"""How far behind this worker is, and whether it still gets anywhere."""

from __future__ import annotations

import asyncio
import time

import structlog
from faust.types import TP
from mode import Service

from streams.kafka.batch_app import BatchApp
from streams.kafka.transport import BatchConsumer
from streams.service.metrics import Metrics
from streams.service.partition_manager import PartitionManager

log = structlog.get_logger("zeromile.lag")

EVERY_SECONDS = 1.0
STALLED_SECONDS = 120.0
CONNECT_SECONDS = 2.0


class LagReporter(Service):
    """Shows lag per partition and notices a worker that stands still.

    Parameters
    ----------
    app
        Whose consumer to look at.
    partitions
        A partition that reads its state has not begun yet: that is no standstill.
    brokers
        Addresses, host and port, to tell a broker outage from a worker that hangs.
    metrics
        Where lag is shown.
    """

    def __init__(
        self,
        app: BatchApp,
        partitions: PartitionManager,
        brokers: list[tuple[str, int]],
        metrics: Metrics,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type] # options of mode's Service
        self._app = app
        self._brokers = brokers
        self._partitions = partitions
        self._metrics = metrics
        self._progress: dict[TP, tuple[int, float]] = {}
        """Documents that wait, and since when they are as many."""

    @Service.task
    async def _report(self) -> None:
        while not self.should_stop:
            await self.sleep(EVERY_SECONDS)
            consumer = self._app.consumer
            if self._partitions.assigned_once and isinstance(consumer, BatchConsumer):
                self._look(consumer)
                await self._count_deleted(consumer)

    def _look(self, consumer: BatchConsumer) -> None:
        self._metrics.lag.clear()
        behind = consumer.lag()
        for tp, documents in behind.items():
            self._metrics.lag.labels(tp.topic, str(tp.partition)).set(documents)
        now = time.monotonic()
        last, self._progress = self._progress, {}
        for tp, documents in behind.items():
            before, since = last.get(tp, (-1, now))
            partition = self._partitions.owned.get(tp.partition)
            at_rest = documents == 0 or partition is None or not partition.ready.is_set()
            self._progress[tp] = (documents, now if at_rest or documents != before else since)

    async def _count_deleted(self, consumer: BatchConsumer) -> None:
        """Count what the retention deleted before it was read; transactions leave gaps as well."""
        jumps, consumer.jumps = consumer.jumps, []
        if not jumps:
            return
        earliest = await consumer.earliest_offsets(*{tp for tp, _, _ in jumps})
        for tp, expected, came in jumps:
            deleted = min(earliest.get(tp, 0), came) - expected
            if deleted > 0:
                self._metrics.documents_deleted_unread.labels(tp.topic).inc(deleted)
                log.error(
                    "documents were deleted by their topic's retention before they were read",
                    topic=tp.topic,
                    partition=tp.partition,
                    documents=deleted,
                )

    async def stalled(self) -> bool:
        """Whether documents of a partition wait and it stands still, and not for want of a broker.

        A partition is well while its committed offset moves, and where it is at the last stable offset.
        """
        now = time.monotonic()
        if all(now - since < STALLED_SECONDS for _, since in self._progress.values()):
            return False
        return await self._broker_answers()

    async def _broker_answers(self) -> bool:
        for host, port in self._brokers:
            try:
                _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_SECONDS)
            except (OSError, TimeoutError):
                continue
            writer.close()
            return True
        return False
