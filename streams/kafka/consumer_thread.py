"""Faust's consumer thread, which owns aiokafka's consumer: what it reads, and why it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import aiokafka
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

FETCH_WAIT_MS = 500
UNREAD_SECONDS = 1.0
"""How long records may lie unread before the other partitions of their broker are fetched without them.
With aiokafka's 0.1 s, a batch that took longer had empty partitions asked alone; they keep the broker's
connection busy for `FETCH_WAIT_MS`, and at 10,000 documents a second alerts were 2.2 s old instead of
1.0 s (99th percentile)."""


class CommittedReadsThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread, reading committed transactions only.

    Faust ties the isolation level to its own exactly-once mode, which zeromile does not use. And
    after a crash it ends by itself, while the consumer that stops may still ask it to commit and
    then waits for ever.
    """

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Both are read when the consumer starts, which is after this.
        consumer._isolation_level = "read_committed"  # noqa: SLF001 - hook, see `transport`
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 - Faust fixes 1500 ms
        return consumer

    async def on_start(self) -> None:
        """Start the consumer; what it fetches with exists from then on."""
        await super().on_start()
        fetcher = self._ensure_consumer()._fetcher  # noqa: SLF001 - as above, made by aiokafka's `start`
        fetcher._prefetch_backoff = UNREAD_SECONDS  # noqa: SLF001 - fixed by aiokafka

    def state_of(self, tp: TP) -> Any:
        """Position and last stable offset of a partition, None where it is not assigned."""
        if self._consumer is None:
            return None
        subscription = self._consumer._subscription.subscription  # noqa: SLF001 - hook, see `transport`
        assigned = None if subscription is None else subscription.assignment
        return assigned.state_value(tp) if assigned is not None and tp in assigned.tps else None

    @property
    def refusal(self) -> BaseException | None:
        """Why the group does not take the consumer; aiokafka waits for ever for somebody to ask."""
        coordinator = None if self._consumer is None else self._consumer._coordinator  # noqa: SLF001 - hook
        if coordinator is None:
            return None
        routine = getattr(coordinator, "_coordination_task", None)
        if routine is not None and routine.done() and not routine.cancelled():
            return cast("BaseException | None", routine.exception())
        return cast("BaseException | None", getattr(coordinator, "_pending_exception", None))

    async def commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit positions; false where the thread has ended and cannot."""
        if self._shutdown.is_set():
            return False
        committing = asyncio.ensure_future(super().commit(offsets))
        ended = asyncio.ensure_future(self._shutdown.wait())
        await asyncio.wait({committing, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if committing.done():
            return committing.result()
        committing.cancel()
        return False
