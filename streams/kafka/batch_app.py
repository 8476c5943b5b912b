"""A Faust application whose agents are given whole batches of raw records."""

from __future__ import annotations

from typing import Any, ClassVar

import faust
from aiokafka.structs import ConsumerRecord
from faust.serializers.schemas import Schema
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import Message

from streams.kafka.transport import BatchConsumer


class BatchTransport(driver.Transport):
    """Faust's aiokafka transport with a consumer of batches."""

    Consumer: ClassVar[type[BatchConsumer]] = BatchConsumer


class RawBatchSchema(Schema[None, list[ConsumerRecord]]):
    """Hands the agent the raw records: it decodes each on its own, so that one cannot fail all."""

    def loads_key(self, app: Any, message: Message, **_: Any) -> None:
        """Batches have no key of their own."""

    def loads_value(self, app: Any, message: Message, **_: Any) -> list[ConsumerRecord]:
        """Return the records of the batch."""
        records: list[ConsumerRecord] = message.value  # type: ignore[assignment] # our own message
        return records


class BatchApp(faust.App):
    """A Faust application whose transport knows batches."""

    async def on_first_start(self) -> None:
        """Make no directories: Faust keeps no files here."""

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    def batch_topic(self, *names: str, maxsize: int = 8) -> Any:
        """Topic whose agents receive lists of raw records; at most `maxsize` batches wait."""
        return self.topic(*names, schema=RawBatchSchema(), maxsize=maxsize)
