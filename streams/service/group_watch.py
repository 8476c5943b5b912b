"""Leave, and say why, where the group does not take this worker or another one has its name."""

from __future__ import annotations

import asyncio

import structlog
from kafka.errors import KafkaError
from mode import Service

from streams.kafka.batch_app import BatchApp
from streams.kafka.joining import group_error
from streams.kafka.transport import BatchConsumer
from streams.service.neighbours import InstanceTakenError, check_instance
from streams.service.settings import Settings

log = structlog.get_logger("zeromile.worker")

EVERY_SECONDS = 1.0


class GroupWatch(Service):
    """Looks at what the group says to this worker.

    Parameters
    ----------
    app
        Whose consumer is a member.
    settings
        Name of the group and, where it is set, of this worker in it.
    """

    def __init__(self, app: BatchApp, settings: Settings, **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type] # options of mode's Service
        self._app = app
        self._settings = settings
        self._rebalances = 0

    @Service.task
    async def _watch(self) -> None:
        while not self.should_stop:
            await self.sleep(EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """End the worker where it cannot be a member, or not beside another of the same instance id."""
        # To ask for the consumer would make one, and a worker that waits for its broker has none yet.
        consumer = self._app._consumer  # noqa: SLF001 - see above
        refusal = consumer.refusal if isinstance(consumer, BatchConsumer) else None
        if refusal is not None:
            await self._leave(group_error(self._settings.group, refusal))
        elif self._app.rebalancing_count != self._rebalances:
            self._rebalances = self._app.rebalancing_count
            await self._look_for_a_double()

    async def _look_for_a_double(self) -> None:
        """One of the same instance id throws us out of the group: a rebalance may be its doing."""
        try:
            await asyncio.to_thread(check_instance, self._settings)
        except InstanceTakenError as error:
            await self._leave(error)
        except KafkaError as error:
            log.debug("other workers could not be asked", error=str(error))

    async def _leave(self, error: Exception) -> None:
        log.error("the worker cannot be a member of its group", error=str(error))
        await self._app.crash(error)
