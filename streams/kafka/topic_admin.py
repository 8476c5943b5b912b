"""Bring the topics of a cluster to what `streams.kafka.topics` says, or explain how they differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError

from streams.kafka.blocking_clients import opened
from streams.kafka.connection import KafkaConnection
from streams.kafka.topics import TopicSpec

BOOTSTRAP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a topic is not as it should be.

    Parameters
    ----------
    topic
        Full name.
    what
        `missing`, `partitions`, `replication_factor` or the name of a topic setting.
    found, wanted
        Values on the cluster and in the catalogue.
    remedy
        What to do about it.
    """

    topic: str
    what: str
    found: str
    wanted: str
    remedy: str

    @property
    def can_be_applied(self) -> bool:
        """Whether `apply` mends it."""
        return self.what not in {"partitions", "replication_factor"}

    def __str__(self) -> str:
        return f"{self.topic}: {self.what} is {self.found}, should be {self.wanted}; {self.remedy}"


def described(differences: Sequence[Difference]) -> list[str]:
    """Say how topics differ: the missing ones in one line, every other difference in its own."""
    missing = [one.topic for one in differences if one.what == "missing"]
    said = [f"topics are missing: {', '.join(missing)}; `zeromile topics apply` makes them"]
    return said * bool(missing) + [str(one) for one in differences if one.what != "missing"]


def admin_client(
    connection: KafkaConnection, wait_seconds: float = BOOTSTRAP_SECONDS
) -> AbstractContextManager[KafkaAdminClient]:
    """kafka-python's admin client, closed at the end; it waits that long for a broker that answers."""
    return opened(
        KafkaAdminClient, connection, client_id="zeromile-admin",
        bootstrap_timeout_ms=int(wait_seconds * 1000),
    )  # fmt: skip


def check_topics(client: KafkaAdminClient, catalogue: Sequence[TopicSpec]) -> list[Difference]:
    """Every difference between the cluster and the catalogue."""
    existing = set(client.list_topics())
    found = [
        Difference(
            spec.name, "missing", "absent", f"{spec.partitions} partitions", "topics apply makes it"
        )
        for spec in catalogue
        if spec.name not in existing
    ]
    present = [spec for spec in catalogue if spec.name in existing]
    if present:
        found += _layout_differences(client, present)
        found += _config_differences(client, present)
    return sorted(found, key=lambda difference: (difference.topic, difference.what))


def _layout_differences(client: KafkaAdminClient, specs: Sequence[TopicSpec]) -> Iterator[Difference]:
    described = {topic["name"]: topic for topic in client.describe_topics([s.name for s in specs])}
    for spec in specs:
        partitions = described[spec.name]["partitions"]
        if len(partitions) != spec.partitions:
            yield Difference(
                spec.name, "partitions", str(len(partitions)), str(spec.partitions),
                "keys would move: set ZEROMILE_PARTITIONS to what exists, or start a new prefix",
            )  # fmt: skip
        copies = min(len(partition["replica_nodes"]) for partition in partitions)
        if copies != spec.replication_factor:
            yield Difference(
                spec.name, "replication_factor", str(copies), str(spec.replication_factor),
                "move the replicas with Kafka's kafka-reassign-partitions",
            )  # fmt: skip


def _config_differences(client: KafkaAdminClient, specs: Sequence[TopicSpec]) -> Iterator[Difference]:
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, spec.name, dict(spec.configs)) for spec in specs
    ]
    described = client.describe_configs(resources, config_filter="all")["topic"]
    for spec in specs:
        for name, wanted in spec.configs.items():
            found = described[spec.name].get(name, {}).get("value")
            if found != wanted:
                yield Difference(spec.name, name, str(found), wanted, "topics apply sets it")


def apply_topics(client: KafkaAdminClient, catalogue: Sequence[TopicSpec]) -> list[Difference]:
    """Make missing topics and set differing settings; returns what it could not mend."""
    specs = {spec.name: spec for spec in catalogue}
    for difference in check_topics(client, catalogue):
        if difference.what == "missing":
            _create(client, specs[difference.topic])
        elif difference.can_be_applied:
            client.alter_configs(
                [
                    ConfigResource(
                        ConfigResourceType.TOPIC,
                        difference.topic,
                        {difference.what: difference.wanted},
                    )
                ]
            )
    return check_topics(client, catalogue)


def _create(client: KafkaAdminClient, spec: TopicSpec) -> None:
    layout = {
        "num_partitions": spec.partitions,
        "replication_factor": spec.replication_factor,
        "configs": dict(spec.configs),
    }
    try:
        client.create_topics({spec.name: layout}, wait_for_metadata=True)
    except TopicAlreadyExistsError:
        # Another `apply` was faster; the check that follows compares the result.
        return
