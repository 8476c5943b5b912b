"""The topics: what exists, how it is configured, and why; stated here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DAY_MS = 24 * 3600 * 1000
DOCUMENT_KINDS = ("registrations", "deregistrations", "customs-exports")
DEAD_LETTER_DAYS = 90


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic as it should be.

    Parameters
    ----------
    name
        Full name on the cluster.
    partitions
        Number of partitions, never changed afterwards: keys would move.
    configs
        Topic settings that differ from the broker's defaults.
    purpose
        One sentence for people.
    """

    name: str
    partitions: int
    replication_factor: int
    purpose: str
    configs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TopicNames:
    """Names of all topics of an installation, built from its prefix."""

    prefix: str

    @property
    def documents(self) -> tuple[str, str, str]:
        """Input, key = VIN, co-partitioned: registrations, deregistrations, customs exports."""
        first, second, third = (f"{self.prefix}.{kind}.v1" for kind in DOCUMENT_KINDS)
        return first, second, third

    def documents_of(self, event_type: str) -> str:
        """Topic for one event type, `customs_export` to `….customs-exports.v1`."""
        return f"{self.prefix}.{event_type.replace('_', '-')}s.v1"

    @property
    def alerts(self) -> str:
        """Output, key = alert id: every change of an alert."""
        return f"{self.prefix}.alerts.v1"

    @property
    def dead_letters(self) -> str:
        """Documents that could not be accepted, bytes unchanged."""
        return f"{self.prefix}.dead-letters.v1"

    @property
    def vehicles(self) -> str:
        """Changelog of the vehicles' state, partition-aligned with the documents."""
        return f"{self.prefix}.vehicles-changelog.v1"

    @property
    def province_exports(self) -> str:
        """The export that each vehicle counts for in its province."""
        return f"{self.prefix}.province-exports.v1"

    @property
    def watermarks(self) -> str:
        """Event time reached per source and partition."""
        return f"{self.prefix}.watermarks.v1"

    @property
    def checkpoints(self) -> str:
        """Signed checkpoints of the store's transparency log, for others to keep."""
        return f"{self.prefix}.checkpoints.v1"


def topic_catalogue(
    names: TopicNames, *, partitions: int, replication_factor: int, document_retention_days: int
) -> tuple[TopicSpec, ...]:
    """Every topic of an installation with its settings."""

    def spec(name: str, count: int, purpose: str, **configs: str) -> TopicSpec:
        dotted = {key.replace("_", "."): value for key, value in configs.items()}
        return TopicSpec(name, count, replication_factor, purpose, dotted)

    kept = str(document_retention_days * DAY_MS)
    documents = [
        spec(name, partitions, f"{kind} as published, key = VIN",
             cleanup_policy="delete", retention_ms=kept, compression_type="producer")
        for kind, name in zip(DOCUMENT_KINDS, names.documents, strict=True)
    ]  # fmt: skip
    return (
        *documents,
        # An alert is never deleted: its last change is its verdict.
        spec(names.alerts, partitions, "every change of an alert, key = alert id",
             cleanup_policy="compact", compression_type="zstd", min_cleanable_dirty_ratio="0.2"),
        spec(names.dead_letters, partitions, "refused documents, bytes unchanged",
             cleanup_policy="delete", retention_ms=str(DEAD_LETTER_DAYS * DAY_MS),
             compression_type="producer"),
        # Small segments: only closed ones are compacted, and recovery reads the rest as well.
        spec(names.vehicles, partitions, "state of the vehicles, key = VIN",
             cleanup_policy="compact", compression_type="zstd", min_cleanable_dirty_ratio="0.2",
             segment_bytes=str(64 * 1024 * 1024)),
        # The nation is judged as a whole, by one worker; compaction keeps one record a vehicle.
        spec(names.province_exports, 1, "export that a vehicle counts for, key = VIN",
             cleanup_policy="compact", compression_type="zstd", min_cleanable_dirty_ratio="0.2"),
        spec(names.watermarks, 1, "event time reached, key = partition, and who counts the provinces",
             cleanup_policy="compact", compression_type="producer", segment_ms=str(DAY_MS)),
        # A fork keeps both of its checkpoints: the root is part of the key.
        spec(names.checkpoints, 1, "checkpoints of the store's log, key = log, size and root",
             cleanup_policy="compact", compression_type="producer"),
    )  # fmt: skip
