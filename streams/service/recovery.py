"""A partition's state, read from the changelog as far as this worker does not have it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import msgspec
import structlog
from aiokafka.structs import TopicPartition

from streams.kafka.topic_reader import TopicRecord, read_to_end
from streams.service.origin import lost_state, read_documents
from streams.service.partition_context import PartitionContext
from streams.service.partition_store import PartitionStore
from streams.service.province_desk import MEMORY_KEY, ProvinceDesk
from streams.service.shared_watermarks import NEWEST_KEY, reach_newest
from streams.service.transactions import persistently

log = structlog.get_logger("zeromile.partition")


class Recovery:
    """Reads what the changelog holds beyond a store's position.

    Parameters
    ----------
    changelog
        Whose number is the partition's.
    store
        The partition's vehicles.
    surroundings
        What the partitions of this worker share.
    desk
        Remembers the provinces' alerts, where this partition keeps them.
    """

    def __init__(
        self,
        changelog: TopicPartition,
        store: PartitionStore,
        surroundings: PartitionContext,
        desk: ProvinceDesk | None,
    ) -> None:
        self.unknown = True
        """Whether there are vehicles that others judged last, or an earlier life of this worker."""
        self._changelog = changelog
        self._store = store
        self._around = surroundings
        self._desk = desk

    async def run(self) -> None:
        """Read to the present end, as soon as the broker answers."""
        started = time.perf_counter()
        await persistently(self._read)
        self._around.metrics.recovery_seconds.observe(time.perf_counter() - started)
        self._around.metrics.recovery_progress.labels(str(self._changelog.partition)).set(1)

    async def _read(self) -> None:
        """Read the changelog from our position to its end."""
        origin = await self._around.origin.ask(self._around.connection, self._around.names)
        if origin is not None and not self._store.backend.belong_to(origin):
            log.warning(
                "state was of another cluster or topic, it is read anew",
                partition=self._changelog.partition,
            )
        start = self._store.backend.position
        progress = self._around.metrics.recovery_progress.labels(str(self._changelog.partition))
        async for batch in read_to_end(self._around.connection, self._changelog, start):
            self.unknown = self.unknown or bool(batch.records)
            self._store.restore(self._vehicles(batch.records), batch.position)
            self._around.metrics.recovered_records.inc(len(batch.records))
            progress.set((batch.position - start) / max(1, batch.end - start))
        for _ in self._store.restored():
            await asyncio.sleep(0)
        if self._store.backend.position == 0:
            await self._refuse_lost_state()

    async def _refuse_lost_state(self) -> None:
        """An empty changelog is right for a group that has read nothing."""
        around, number = self._around, self._changelog.partition
        documents = await read_documents(around.connection, around.names, around.group, number)
        if documents:
            raise lost_state(number, documents, around.group)

    def _vehicles(self, records: Sequence[TopicRecord]) -> dict[bytes, bytes | None]:
        """Last record of each vehicle; what else the changelog holds is remembered."""
        last: dict[bytes, bytes | None] = {record.key: record.value for record in records}
        ours = {key: last.pop(key) for key in [key for key in last if key[:1] == b"\x00"]}
        for key, newest in ours.items():
            if key.startswith(NEWEST_KEY) and newest is not None:
                self._reach(newest)
        memory = ours.get(MEMORY_KEY)
        if memory is not None:
            assert self._desk is not None  # noqa: S101 - written by the owner of this partition
            self._desk.book.remember(memory)
        return last

    def _reach(self, newest: bytes) -> None:
        """Take over how far a source is; what cannot be read costs no more than that it is late."""
        try:
            reach_newest(self._around.watermarks, newest)
        except (msgspec.MsgspecError, ValueError, TypeError) as error:
            self._around.metrics.unreadable_records.labels(self._changelog.topic).inc()
            log.error(  # noqa: TRY400 - the place says more than the traceback
                "watermark in the changelog cannot be read",
                partition=self._changelog.partition,
                error=str(error),
            )
