"""What all partitions of a worker share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from detectors.identities import Decode
from detectors.registry import Catalogue
from detectors.watermarks import Watermarks
from streams.kafka.connection import KafkaConnection
from streams.kafka.topics import TopicNames
from streams.service.metrics import Metrics
from streams.service.observer import Observer
from streams.service.origin import StateOrigin
from streams.service.state_ttl import Forgetting
from streams.service.terms import Terms
from streams.setup.clock import utc_now


@dataclass(slots=True)
class PartitionContext:
    """What all partitions of a worker share; the catalogue is another one after a change of model.

    `decode` reads a document, `identities` is the fingerprint of the key with which it does.
    """

    connection: KafkaConnection
    names: TopicNames
    group: str
    partitions: int
    owner: str
    url: str
    flush_seconds: float
    forgetting: Forgetting
    decode: Decode
    identities: bytes
    catalogue: Catalogue
    watermarks: Watermarks
    metrics: Metrics
    observer: Observer
    terms: Terms = field(default_factory=lambda: Terms("", ""))
    origin: StateOrigin = field(default_factory=StateOrigin)
    clock: Callable[[], datetime] = utc_now
