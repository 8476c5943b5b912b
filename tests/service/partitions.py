"""A partition without a broker, for what happens before its transactions."""

from __future__ import annotations

from types import SimpleNamespace

from detectors.decoding import decode
from detectors.documents import EVENT_TYPES
from detectors.registry import Catalogue
from detectors.watermarks import Watermarks
from streams.kafka.topics import TopicNames
from streams.service.identity_check import IN_CLEAR
from streams.service.metrics import Metrics
from streams.service.observer import Observer
from streams.service.owned_partition import OwnedPartition
from streams.service.partition_context import PartitionContext
from streams.service.partition_store import MemoryBackend, PartitionStore
from streams.service.settings import load_settings
from streams.service.state_ttl import Forgetting

NAMES = TopicNames("t")
NUMBER = 1


class Event:
    """Is acknowledged in vain."""

    def ack(self) -> bool:
        return True


def make_partition(catalogue: Catalogue) -> OwnedPartition:
    """Make a partition that nothing has reached yet."""
    metrics = Metrics()
    event_types = {NAMES.documents_of(event_type): event_type for event_type in EVENT_TYPES}
    surroundings = PartitionContext(
        connection=load_settings(), names=NAMES, group="g", partitions=2, owner="o", url="",
        flush_seconds=1, forgetting=Forgetting(1096), catalogue=catalogue, decode=decode,
        identities=IN_CLEAR,
        watermarks=Watermarks(catalogue.policy.watermarks), metrics=metrics,
        observer=Observer(metrics, event_types, 10_000),
    )  # fmt: skip
    return OwnedPartition(NUMBER, PartitionStore(MemoryBackend()), surroundings)


def record(topic: str, offset: int, key: str, value: bytes) -> SimpleNamespace:
    """A record as a consumer hands it over."""
    return SimpleNamespace(topic=topic, partition=NUMBER, offset=offset, timestamp=0, key=key.encode(),
                           headers=(), value=value)  # fmt: skip
