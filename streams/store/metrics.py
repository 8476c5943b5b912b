"""Metrics of the store, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from streams import __version__
from streams.store.records import KINDS, Stored

OUTCOMES = ("stored", "repeated", "refused")


class SinkMetrics:
    """Everything that the store tells about itself and about the alerts in it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.records = Counter(
            "zeromile_sink_records",
            "Records read, by kind and what became of them.",
            ["kind", "outcome"],
            registry=self.registry,
        )
        self.write_seconds = Histogram(
            "zeromile_sink_write_seconds",
            "Time to write one batch in one transaction.",
            registry=self.registry,
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
        )
        self.lag = Gauge(
            "zeromile_sink_lag_records",
            "Records on the broker that the store does not hold yet.",
            ["topic", "partition"],
            registry=self.registry,
        )
        self.last_write = Gauge(
            "zeromile_sink_last_write_timestamp_seconds",
            "When a batch was last written or the end of the topics was seen.",
            registry=self.registry,
        )
        self.database_failures = Counter(
            "zeromile_sink_database_failures",
            "Writes that the database did not answer; each is tried again.",
            registry=self.registry,
        )
        self.held_back_documents = Gauge(
            "zeromile_sink_held_back_documents",
            "Documents older than they are kept, and too many to be deleted without a person's word.",
            registry=self.registry,
        )
        self._standing()
        for kind in KINDS:
            for outcome in OUTCOMES:
                self.records.labels(kind, outcome)
        build = Info("zeromile_sink_build", "Version of the program.", registry=self.registry)
        build.info({"version": __version__})

    def _standing(self) -> None:
        self.firing = Gauge(
            "zeromile_sink_firing_alerts",
            "Alerts in the store that stand now, without those of detectors on trial.",
            ["detector", "severity", "subject_type"],
            registry=self.registry,
        )
        self.province_firing = Gauge(
            "zeromile_sink_province_firing_alerts",
            "Standing alerts by province, `none` where the documents name none.",
            ["province", "subject_type"],
            registry=self.registry,
        )
        self.newest_document = Gauge(
            "zeromile_sink_newest_document_timestamp_seconds",
            "Start of the civil day (UTC) of the newest document in the store, by feed.",
            ["event_type"],
            registry=self.registry,
        )
        self.recent_province_alerts = Gauge(
            "zeromile_sink_province_recent_alerts",
            "Standing alerts about a province itself in the last 28 days of event time.",
            ["province"],
            registry=self.registry,
        )

    def count(self, done: Stored) -> None:
        """Count a batch."""
        for kind in KINDS:
            self.records.labels(kind, "stored").inc(done.stored[kind])
            self.records.labels(kind, "repeated").inc(done.repeated[kind])
            self.records.labels(kind, "refused").inc(done.refused[kind])
