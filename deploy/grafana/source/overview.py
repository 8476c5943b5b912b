"""Overview: what is happening now, for a person who has a minute."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.source.boards import board, finished, spikes
from deploy.grafana.source.panels import HALF, bars, chart, listing, number
from deploy.grafana.source.queries import now, over_time, rows


def overview() -> Dashboard:
    """The first dashboard that anybody sees."""
    builder = board("zeromile-overview", "Overview", "What is happening now, in a minute.", "now-7d")
    return finished(builder.annotation(spikes()), [*_numbers(), *_flows(), *_tables()])


def _numbers() -> list[object]:
    return [
        number("Critical alerts that stand", "Firing alerts of the highest severity. Each is an indicator with "
               "evidence, not a verdict.", "short",
               now('sum(zeromile_sink_firing_alerts{severity="critical"}) or vector(0)', "critical"), alarm_at=1),
        number("Alerts that stand", "All firing alerts in the store.", "short",
               now("sum(zeromile_sink_firing_alerts) or vector(0)", "firing")),
        number("Documents a second", "Registrations, deregistrations and declarations that were judged, "
               "average of five minutes.", "reqps", over_time("sum(rate(zeromile_documents_total[5m]))", "documents")),
        number("Warnings of the service", "Prometheus alerts that fire now; the dashboard Service health lists them.",
               "short", now('count(ALERTS{alertstate="firing"}) or vector(0)', "firing"), alarm_at=1),
    ]  # fmt: skip


def _flows() -> list[object]:
    return [
        chart("Alerts raised an hour", "Changes to firing in the last hour, by detector, those on trial included; a late document can raise "
              "an alert about a day long past.", "short",
              over_time('sum by (detector) (increase(zeromile_alert_changes_total{state="firing"}[1h])) > 0',
                        "{{detector}}")),
        bars("Standing alerts by province", "Where the documents name a province; none where they do not.", "short",
             now("topk(12, sum by (province) (zeromile_sink_province_firing_alerts))", "{{province}}")),
    ]  # fmt: skip


def _tables() -> list[object]:
    return [
        listing("Vehicles to look at first", "Vehicles with the worst standing alerts. A click opens the vehicle.",
                rows("""SELECT vin AS vehicle, worst_score AS score, alerts, province, brand, destination, last_on
                        FROM firing_vehicles ORDER BY worst_severity_rank DESC, worst_score DESC, alerts DESC,
                        vin LIMIT 15"""), units={"score": "percentunit"}, span=HALF),
        listing("Latest changes", "The last changes of alerts, raised and taken back, with their cause.",
                rows("""SELECT detected_at, state, cause, severity, detector,
                        CASE WHEN subject_type = 'vehicle' THEN subject END AS vehicle, province, explanation
                        FROM alert_history WHERE NOT shadow ORDER BY detected_at DESC, alert_id LIMIT 30"""),
                span=HALF),
    ]  # fmt: skip
