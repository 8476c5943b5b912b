"""What the engine did, told to the metrics, the log and the list of recent alerts."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence

import structlog

from detectors.alerts import Alert
from detectors.documents import EventType
from detectors.filing import FilingOutcome
from detectors.vin import NoCar
from streams.engine.results import RefusedDocument, Result
from streams.service.metrics import Metrics, shadow_label

log = structlog.get_logger("zeromile.engine")
_TOLD_AS_THEY_ARE = {FilingOutcome.DUPLICATE, FilingOutcome.STALE}


class Observer:
    """Keeps what people and Prometheus see in step with what the engines do.

    Parameters
    ----------
    metrics
        The worker's metrics.
    event_types
        Event type of each document topic.
    recent_alerts
        How many alert changes to keep for `/api/alerts`.
    """

    def __init__(
        self, metrics: Metrics, event_types: Mapping[str, EventType], recent_alerts: int
    ) -> None:
        self._metrics = metrics
        self._event_types = event_types
        self.recent: deque[Alert] = deque(maxlen=recent_alerts)
        self._told: set[tuple[str, NoCar]] = set()
        """Feeds of which it was said that they bring numbers of no car, and of what kind."""

    def read(self, topic: str, documents: int) -> None:
        """Count documents that were read."""
        self._metrics.documents_read.labels(self._event_types[topic]).inc(documents)

    def batch(self, documents: int, seconds: float) -> None:
        """Count documents that were judged together."""
        self._metrics.batch_seconds.observe(seconds)
        self._metrics.batch_documents.observe(documents)

    def refused(self, letters: Sequence[RefusedDocument]) -> None:
        """Count documents that were refused, and say why."""
        for letter in letters:
            position = letter.document.position
            assert position is not None  # noqa: S101 - everything read from Kafka has one
            self._metrics.documents.labels(self._event_types[position.topic], "dead_lettered").inc()
            self._metrics.dead_letters.labels(letter.error.reason).inc()
            log.debug(
                "document refused",
                reason=letter.error.reason,
                field=letter.error.field,
                topic=position.topic,
                partition=position.partition,
                offset=position.offset,
            )

    def result(self, partition: int, result: Result) -> None:
        """Count documents, alerts and failed detectors, and say what needs attention."""
        for (event_type, outcome), count in result.filed.items():
            known = outcome.value if outcome in _TOLD_AS_THEY_ARE else "accepted"
            self._metrics.documents.labels(event_type, known).inc(count)
        self._numbers_of_no_car(result)
        changes = Counter(
            (alert.detector, alert.severity, alert.state, shadow_label(alert.shadow))
            for alert in result.alerts
        )
        for labels, count in changes.items():
            self._metrics.alert_changes.labels(*labels).inc(count)
        self.recent.extend(result.alerts)
        for failure in result.failures:
            self._metrics.detector_errors.labels(failure.detector).inc()
            log.error(
                "detector raised",
                detector=failure.detector,
                partition=partition,
                documents=failure.documents,
                error=f"{type(failure.error).__name__}: {failure.error}",
            )

    def _numbers_of_no_car(self, result: Result) -> None:
        """Count documents under numbers that identify no car; say once a feed that it brings them."""
        for (source, why), count in result.of_no_car.items():
            self._metrics.documents_of_no_car.labels(why).inc(count)
            if (source, why) not in self._told:
                self._told.add((source, why))
                log.warning("numbers that identify no car", source=source, why=why, documents=count)
