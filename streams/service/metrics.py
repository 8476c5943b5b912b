"""Every metric of the service, in one place: names, meaning, labels.

Base units, labels from closed sets only: no VIN, owner or exporter ever becomes a label.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)

from detectors.base import DetectorSpec
from detectors.documents import EVENT_TYPES
from detectors.findings import SEVERITIES
from streams import __version__
from streams.models.metrics import DriftGauges

OUTCOMES = ("accepted", "duplicate", "stale", "dead_lettered")
STATES = ("firing", "resolved")
SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
AGES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0, 86400.0)


class Metrics:
    """The metrics of one worker.

    Parameters
    ----------
    detectors
        The enabled detectors, so that each series exists from the start.
    """

    def __init__(self, detectors: Iterable[DetectorSpec] = ()) -> None:
        # Prometheus would store a `_created` series beside every other one.
        disable_created_metrics()  # type: ignore[no-untyped-call] # missing in the library
        self.registry = CollectorRegistry()
        self._documents()
        self._alerts()
        self._state()
        self._model()
        self._writing()
        for event_type in EVENT_TYPES:
            self.documents_read.labels(event_type)
            for outcome in OUTCOMES:
                self.documents.labels(event_type, outcome)
        for spec in detectors:
            self.detector_errors.labels(spec.id)
            shadow = shadow_label(spec.status == "experimental")
            for severity in SEVERITIES:
                for state in STATES:
                    self.alert_changes.labels(spec.id, severity, state, shadow)
        build = Info("zeromile_build", "Version of the program.", registry=self.registry)
        build.info({"version": __version__})

    def _documents(self) -> None:
        self.documents = Counter(
            "zeromile_documents",
            "Documents, by event type (their topic's where they were refused) and what became of them.",
            ["event_type", "outcome"],
            registry=self.registry,
        )
        self.documents_of_no_car = Counter(
            "zeromile_documents_of_no_car",
            "Accepted documents whose number identifies no car: they belong to no vehicle.",
            ["why"],
            registry=self.registry,
        )
        self.documents_read = Counter(
            "zeromile_documents_read",
            "Documents read, by event type: each becomes accepted, duplicate, stale or dead_lettered.",
            ["event_type"],
            registry=self.registry,
        )
        self.documents_deleted_unread = Counter(
            "zeromile_documents_deleted_unread",
            "Documents that their topic's retention deleted before they were read.",
            ["topic"],
            registry=self.registry,
        )
        self.dead_letters = Counter(
            "zeromile_dead_letters",
            "Documents sent to the dead-letter topic, by reason.",
            ["reason"],
            registry=self.registry,
        )
        self.batch_seconds = Histogram(
            "zeromile_batch_processing_seconds",
            "Time to decode, file and judge documents that a partition judges together.",
            buckets=SHORT,
            registry=self.registry,
        )
        self.batch_documents = Histogram(
            "zeromile_batch_documents",
            "Documents judged together.",
            buckets=(1, 10, 100, 500, 1000, 2000, 5000, 10_000, 20_000),
            registry=self.registry,
        )
        self.event_age = Histogram(
            "zeromile_event_age_seconds",
            "Age of the oldest document of a batch when its alerts and state were committed, "
            "counted from the time Kafka received it.",
            buckets=AGES,
            registry=self.registry,
        )
        self.lag = Gauge(
            "zeromile_consumer_lag_documents",
            "Documents on the broker that this worker has not finished.",
            ["topic", "partition"],
            registry=self.registry,
        )
        self.watermark = Gauge(
            "zeromile_watermark_timestamp_seconds",
            "Start of the last civil day through which a source of a feed is complete.",
            ["event_type", "source"],
            registry=self.registry,
        )

    def _alerts(self) -> None:
        self.alert_changes = Counter(
            "zeromile_alert_changes",
            "Changes of alerts by detector, severity and new state; shadow: the detector is on trial.",
            ["detector", "severity", "state", "shadow"],
            registry=self.registry,
        )
        self.detector_errors = Counter(
            "zeromile_detector_errors",
            "Times a detector raised instead of judging.",
            ["detector"],
            registry=self.registry,
        )

    def _state(self) -> None:
        self.partitions = Gauge(
            "zeromile_partitions",
            "Partitions assigned to this worker, by whether their state is there.",
            ["state"],
            registry=self.registry,
        )
        self.vehicles = Gauge(
            "zeromile_vehicles",
            "Vehicles in the state of a partition.",
            ["partition"],
            registry=self.registry,
        )
        self.unjudged_vehicles = Gauge(
            "zeromile_unjudged_vehicles",
            "Stored vehicles that wait to be judged again, after a start or a change of model.",
            registry=self.registry,
        )
        self.expired_vehicles = Counter(
            "zeromile_expired_vehicles",
            "Vehicles forgotten because their last document is older than the retention.",
            registry=self.registry,
        )
        self.held_back_vehicles = Gauge(
            "zeromile_held_back_vehicles",
            "Vehicles older than the retention that are kept because they are too many to be forgotten "
            "without a person's word: `zeromile state forget`.",
            ["partition"],
            registry=self.registry,
        )
        self.recovery_progress = Gauge(
            "zeromile_recovery_progress_ratio",
            "How much of a partition's changelog has been read, 1 when it is ready.",
            ["partition"],
            registry=self.registry,
        )
        self.recovered_records = Counter(
            "zeromile_recovered_records",
            "Records read from the changelog.",
            registry=self.registry,
        )
        self.recovery_seconds = Histogram(
            "zeromile_recovery_seconds",
            "Time to make a partition ready.",
            buckets=AGES,
            registry=self.registry,
        )
        self.lost_partitions = Counter(
            "zeromile_lost_partitions",
            "Partitions given up because another worker had taken them over.",
            registry=self.registry,
        )

    def _model(self) -> None:
        self.model = Gauge(
            "zeromile_model_info",
            "The model that is judged by: its id, and the last day of the documents it learnt from.",
            ["model_id", "last_day"],
            registry=self.registry,
        )
        self.model_trained = Gauge(
            "zeromile_model_trained_timestamp_seconds",
            "When the model that is judged by was trained.",
            ["model_id"],
            registry=self.registry,
        )
        self.refused_models = Counter(
            "zeromile_refused_models",
            "Models in the directory that were not used, by reason; the one before goes on.",
            ["reason"],
            registry=self.registry,
        )
        self.drift = DriftGauges(self.registry)

    def _writing(self) -> None:
        self.transaction_seconds = Histogram(
            "zeromile_transaction_seconds",
            "Time to commit the alerts and state of one partition.",
            buckets=SHORT,
            registry=self.registry,
        )
        self.transaction_failures = Counter(
            "zeromile_transaction_failures",
            "Transactions that the broker refused or did not answer; their outcome was looked up.",
            registry=self.registry,
        )
        self.set_aside_records = Counter(
            "zeromile_set_aside_records",
            "Records too large for the broker, written as dead letters instead, by their topic.",
            ["topic"],
            registry=self.registry,
        )
        self.unreadable_records = Counter(
            "zeromile_unreadable_records",
            "Records of zeromile's own topics that cannot be read and were passed over, by topic.",
            ["topic"],
            registry=self.registry,
        )
        self.stuck_seconds = Gauge(
            "zeromile_partition_stuck_seconds",
            "How long the transactions of a partition have been failing; 0 while they succeed.",
            ["partition"],
            registry=self.registry,
        )
        self.written_records = Counter(
            "zeromile_written_records",
            "Records committed, by topic.",
            ["topic"],
            registry=self.registry,
        )

    def forget_partition(self, number: int) -> None:
        """Take the series of a partition out that this worker no longer has."""
        for gauge in (
            self.vehicles,
            self.held_back_vehicles,
            self.recovery_progress,
            self.stuck_seconds,
        ):
            gauge.remove_by_labels({"partition": str(number)})

    @property
    def unreadable(self) -> dict[str, int]:
        """Records of zeromile's own topics that could not be read, by topic."""
        (family,) = self.unreadable_records.collect()
        return {
            sample.labels["topic"]: int(sample.value)
            for sample in family.samples
            if sample.name.endswith("_total")
        }

    def exposition(self) -> bytes:
        """Text that Prometheus reads."""
        return generate_latest(self.registry)


def shadow_label(shadow: bool) -> str:
    """Value of the label `shadow`: alerts of detectors on trial call nobody."""
    return "true" if shadow else "false"


def metric_families() -> dict[str, str]:
    """Name (as exposed) and meaning of every metric, for documents and the tests of `deploy/`."""
    return {
        family.name + ("_total" if family.type == "counter" else ""): family.documentation
        for family in Metrics().registry.collect()
    }
