"""Service health: throughput, lag, age, errors, state; for those who run it."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.source.boards import board, finished
from deploy.grafana.source.panels import FULL, HALF, chart, listing, number
from deploy.grafana.source.queries import now, over_time


def service_health() -> Dashboard:
    """For operators."""
    builder = board(
        "zeromile-service-health",
        "Service health",
        "Whether documents flow and alerts arrive.",
        "now-6h",
    )
    return finished(builder, [*_numbers(), _warnings(), *_work(), *_faults(), *_model(), *_store()])


def _numbers() -> list[object]:
    return [
        number("Workers", "Workers that answer Prometheus now.", "short", now('sum(up{job="zeromile-worker"})', "workers")),
        number("Documents waiting", "On the broker, not judged yet.", "short",
               now("sum(zeromile_consumer_lag_documents)", "documents"), alarm_at=10_000),
        number("Vehicles in state", "Vehicles that the workers remember.", "short",
               now("sum(zeromile_vehicles)", "vehicles")),
        number("Store behind", "Records that the alert store does not hold yet.", "short",
               now("sum(zeromile_sink_lag_records)", "records"), alarm_at=10_000),
    ]  # fmt: skip


def _warnings() -> object:
    return listing("Warnings", "Prometheus alerts that are pending or fire; deploy/RUNBOOK.md says what to do.",
                   now("ALERTS", "{{alertname}}"), span=FULL)  # fmt: skip


def _work() -> list[object]:
    return [
        chart("Documents by outcome", "Read = accepted + duplicate + stale + dead-lettered.", "reqps",
              over_time("sum by (outcome) (rate(zeromile_documents_total[5m]))", "{{outcome}}")),
        chart("Documents waiting by topic", "Grows while more come than are judged.", "short",
              over_time("topic:zeromile_consumer_lag_documents:sum", "{{topic}}")),
        chart("Age when judged", "From Kafka's receipt until alerts and state were committed: half and 95 % of the "
              "batches.", "s",
              over_time("histogram_quantile(0.5, sum by (le) (rate(zeromile_event_age_seconds_bucket[5m])))", "50 %"),
              over_time("zeromile:event_age_seconds:p95_5m", "95 %", "B")),
        chart("Time of a batch", "Judging (95 %) and committing (95 %) one batch of one partition.", "s",
              over_time("zeromile:batch_processing_seconds:p95_5m", "judging"),
              over_time("histogram_quantile(0.95, sum by (le) (rate(zeromile_transaction_seconds_bucket[5m])))",
                        "committing", "B")),
        chart("Alert changes by state", "Raised or updated, and taken back.", "short",
              over_time("sum by (state) (increase(zeromile_alert_changes_total[5m]))", "{{state}}")),
        chart("Partitions", "Assigned to workers, by whether their state is there.", "short",
              over_time("sum by (state) (zeromile_partitions)", "{{state}}")),
    ]  # fmt: skip


def _faults() -> list[object]:
    return [
        chart("Refused documents by reason", "They lie on the dead-letter topic, bytes unchanged.", "short",
              over_time("sum by (reason) (increase(zeromile_dead_letters_total[15m]))", "{{reason}}")),
        chart("Failing detectors", "A detector that raises instead of judging; none is normal.", "short",
              over_time("sum by (detector) (increase(zeromile_detector_errors_total[15m]))", "{{detector}}")),
        chart("Transactions looked up, partitions lost", "Signs of a broker that answers badly, or of rebalances.",
              "short",
              over_time("sum(increase(zeromile_transaction_failures_total[15m]))", "looked up"),
              over_time("sum(increase(zeromile_lost_partitions_total[15m]))", "partitions lost", "B")),
        chart("Complete through, by source", "Event time less the lateness a source is allowed; rules that wait for a missing "
              "document go by the least of a feed.", "dateTimeAsIso",
              over_time("min by (event_type, source) (zeromile_watermark_timestamp_seconds) * 1000",
                        "{{event_type}} {{source}}")),
        chart("Newest document by feed", "Event time; a feed far behind the others keeps rules waiting.",
              "dateTimeAsIso",
              over_time("zeromile_sink_newest_document_timestamp_seconds * 1000", "{{event_type}}")),
    ]  # fmt: skip


def _model() -> list[object]:
    return [
        listing("Models in use", "One line a model; more than one only while workers exchange it.",
                now("count by (model_id, last_day) (zeromile_model_info)", "{{model_id}}, documents to {{last_day}}"), span=HALF),
        chart("Age of the model", "Since it was trained; train anew every quarter.", "s",
              over_time("time() - max by (model_id) (zeromile_model_trained_timestamp_seconds)", "{{model_id}}")),
        chart("Stability of the features", "Fresh vehicles against those that the model learnt from; 0.25 is moved.", "short",
              over_time("max by (feature) (zeromile_model_feature_stability_index)", "{{feature}}")),
        chart("Unusual share", "Fresh exports that no rule finds, at p <= 0.01; 0.5 to 2 % are expected.", "percentunit",
              over_time("max by (model_id) (zeromile_model_unusual_share)", "{{model_id}}")),
        chart("Vehicles to judge again", "After a start or a change of model; goes down to nothing.", "short",
              over_time("sum(zeromile_unjudged_vehicles)", "vehicles")),
        chart("Refused models by reason", "The model before goes on; none is normal.", "short",
              over_time("sum by (reason) (increase(zeromile_refused_models_total[15m]))", "{{reason}}")),
    ]  # fmt: skip


def _store() -> list[object]:
    return [
        chart("Records into the store", "Stored, there already, refused.", "reqps",
              over_time("sum by (kind, outcome) (rate(zeromile_sink_records_total[5m]))", "{{kind}} {{outcome}}")),
        chart("Time of a write", "One batch in one transaction (95 %), and failed attempts.", "s",
              over_time("histogram_quantile(0.95, sum by (le) (rate(zeromile_sink_write_seconds_bucket[5m])))",
                        "write"),
              over_time("sum(increase(zeromile_sink_database_failures_total[5m]))", "failures", "B")),
    ]  # fmt: skip
