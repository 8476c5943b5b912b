"""What the engine did, told to the metrics, the log and the list of recent alerts."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from typing import NamedTuple

import structlog

from detectors.alerts import Alert
from detectors.documents import EventType
from streams.engine import Engine
from streams.results import Result
from streams.service.metrics import Metrics, shadow_label

log = structlog.get_logger("zeromile.engine")


class Before(NamedTuple):
    """Counters of an engine before a batch."""

    accepted: int
    duplicate: int
    stale: int
    dead_lettered: int


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

    def before(self, engine: Engine) -> Before:
        """Remember the counters, to count one batch by the difference."""
        counters = engine.counters
        return Before(
            counters.accepted,
            counters.duplicate,
            counters.stale,
            counters.dead_lettered.total(),
        )

    def batch(self, engine: Engine, before: Before, topic: str, documents: int, seconds: float) -> None:
        """Count a batch of one topic."""
        after = self.before(engine)
        event_type = self._event_types[topic]
        for outcome, was, now in zip(Before._fields, before, after, strict=True):
            if now > was:
                self._metrics.documents.labels(event_type, outcome).inc(now - was)
        self._metrics.batch_seconds.observe(seconds)
        self._metrics.batch_documents.observe(documents)

    def result(self, partition: int, result: Result) -> None:
        """Count alerts, dead letters and failed detectors, and say what needs attention."""
        changes = Counter(
            (alert.detector, alert.severity, alert.state, shadow_label(alert.shadow))
            for alert in result.alerts
        )
        for labels, count in changes.items():
            self._metrics.alert_changes.labels(*labels).inc(count)
        self.recent.extend(result.alerts)
        for letter in result.dead_letters:
            self._metrics.dead_letters.labels(letter.error.reason).inc()
            position = letter.document.position
            log.debug(
                "document refused",
                reason=letter.error.reason,
                field=letter.error.field,
                topic=position.topic if position else None,
                partition=partition,
                offset=position.offset if position else None,
            )
        for failure in result.failures:
            self._metrics.detector_errors.labels(failure.detector).inc()
            log.error(
                "detector raised",
                detector=failure.detector,
                partition=partition,
                documents=failure.documents,
                error=f"{type(failure.error).__name__}: {failure.error}",
            )
