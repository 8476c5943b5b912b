"""Topics of the installation that the settings describe."""

from __future__ import annotations

from streams.kafka.topics import TopicNames, TopicSpec, topic_catalogue
from streams.service.settings import Settings


def names_of(settings: Settings) -> TopicNames:
    """Topic names under the installation's prefix."""
    return TopicNames(settings.topic_prefix)


def catalogue_of(settings: Settings) -> tuple[TopicSpec, ...]:
    """Topics with the installation's partitions, copies and retention."""
    return topic_catalogue(
        names_of(settings),
        partitions=settings.partitions,
        replication_factor=settings.replication_factor,
        document_retention_days=settings.document_retention_days,
    )
