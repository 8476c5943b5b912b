"""How far behind this worker is, and whether it still gets anywhere."""

from __future__ import annotations

import asyncio
import time

from mode import Service

from streams.kafka.transport import BatchApp, BatchConsumer
from streams.service.metrics import Metrics
from streams.service.partition_manager import PartitionManager

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
        What waits for a transaction waits for the broker: that is no standstill.
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
        self._progress: object = None
        self._moved_at = time.monotonic()

    @Service.task
    async def _report(self) -> None:
        while not self.should_stop:
            await self.sleep(EVERY_SECONDS)
            consumer = self._app.consumer
            if self._partitions.assigned_once and isinstance(consumer, BatchConsumer):
                self._look(consumer)

    def _look(self, consumer: BatchConsumer) -> None:
        self._metrics.lag.clear()
        behind = consumer.lag()
        for tp, documents in behind.items():
            self._metrics.lag.labels(tp.topic, str(tp.partition)).set(documents)
        progress = tuple(sorted(behind.items()))
        if progress != self._progress or not any(behind.values()) or self._partitions.busy:
            self._progress, self._moved_at = progress, time.monotonic()

    async def stalled(self) -> bool:
        """Whether documents wait, nothing moves, and it is not for want of a broker."""
        if time.monotonic() - self._moved_at < STALLED_SECONDS:
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
