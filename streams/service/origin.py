"""Where a partition's state comes from, and whether it is there at all.

State on a worker's disk is a cache of its changelog: one of another cluster, or of a changelog that was
made anew under the same name, is thrown away and read again. Where the changelog itself is empty though
the group has read documents, the vehicles of these documents are lost, and no worker may go on as if
there were none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog
from aiokafka.errors import KafkaConnectionError
from kafka import TopicPartition
from kafka.errors import KafkaError

from detectors.errors import ZeromileError
from streams.kafka.connection import KafkaConnection
from streams.kafka.offsets import read_by
from streams.kafka.topic_admin import admin_client
from streams.kafka.topics import TopicNames

T = TypeVar("T")

log = structlog.get_logger("zeromile.partition")


class StateLostError(ZeromileError):
    """The changelog is empty under committed offsets."""


class StateOrigin:
    """Name of the cluster and of the changelog's present life, asked for once a worker."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._known: str | None = None

    async def ask(self, connection: KafkaConnection, names: TopicNames) -> str | None:
        """Return the name; None where the broker does not tell.

        Raises
        ------
        aiokafka.errors.KafkaConnectionError
            No broker answers.
        """
        async with self._lock:
            if self._known is None:
                self._known = await _ask(_origin, connection, names)
            return self._known


async def read_documents(
    connection: KafkaConnection, names: TopicNames, group: str, partition: int
) -> int:
    """How far the group has committed a partition's documents; 0 where the broker does not tell.

    Raises
    ------
    aiokafka.errors.KafkaConnectionError
        No broker answers.
    """
    return await _ask(_committed, connection, names, group, partition) or 0


def lost_state(partition: int, documents: int, group: str) -> StateLostError:
    """What to say where vehicles are lost."""
    return StateLostError(
        f"the changelog of partition {partition} is empty, but the group {group} has read {documents:,}"
        " offsets of documents: their vehicles are lost. Bring the topic back from a copy, or have the "
        "documents read again: stop all workers, then "
        f"kafka-consumer-groups --group {group} --reset-offsets --to-earliest --all-topics --execute"
    )


async def _ask(question: Callable[..., T], *about: object) -> T | None:
    try:
        return await asyncio.to_thread(question, *about)
    except KafkaError as error:
        if error.retriable:
            raise KafkaConnectionError(str(error)) from error
        log.warning("the broker does not tell where the state comes from", error=str(error))
        return None


def _origin(connection: KafkaConnection, names: TopicNames) -> str:
    with admin_client(connection) as client:
        cluster = client.describe_cluster()["cluster_id"]
        (topic,) = client.describe_topics([names.vehicles])
    return f"{cluster}/{topic.get('topic_id')}"


def _committed(connection: KafkaConnection, names: TopicNames, group: str, partition: int) -> int:
    where = [TopicPartition(topic, partition) for topic in names.documents]
    with admin_client(connection) as client:
        return sum(read_by(client, group, where).values())
