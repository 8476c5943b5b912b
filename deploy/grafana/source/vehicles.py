"""Vehicles: alerts with filters; one vehicle's timeline and evidence."""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.source.boards import board, choice, finished, text
from deploy.grafana.source.country import MONEY
from deploy.grafana.source.panels import FULL, HALF, listing
from deploy.grafana.source.queries import rows

CHOSEN = "upper(trim(${vin:sqlstring}))"


def vehicles() -> Dashboard:
    """For those who work through alerts."""
    builder = board(
        "zeromile-vehicles", "Vehicles", "Alerts about vehicles, and everything known of one.", "now-2y"
    )
    for name in ("detector", "severity", "province", "brand"):
        sql = f"SELECT DISTINCT COALESCE({name}, 'none') FROM firing_alerts WHERE subject_type = 'vehicle'"
        builder = builder.with_variable(choice(name, name.capitalize(), sql))
    return finished(builder.with_variable(text("vin", "VIN")), [_alerts(), *_one_vehicle()])


def _alerts() -> object:
    return listing(
        "Alerts that stand",
        "Firing alerts under the filters, worst first. A click on a vehicle shows its timeline and evidence below.",
        rows("""SELECT occurred_on, subject AS vehicle, severity, score, detector, explanation, province, brand,
                destination, revision FROM firing_alerts
                WHERE subject_type = 'vehicle' AND detector IN (${detector:sqlstring}) AND severity IN (${severity:sqlstring})
                  AND COALESCE(province, 'none') IN (${province:sqlstring}) AND COALESCE(brand, 'none') IN (${brand:sqlstring})
                  AND $__timeFilter(occurred_on)
                ORDER BY severity_rank DESC, score DESC, occurred_on DESC, alert_id LIMIT 500"""),
        units={"score": "percentunit"},
    )


def _one_vehicle() -> list[object]:
    return [
        listing("Timeline of the vehicle", "Its documents and alerts in order of their civil days. Withdrawn "
                "documents have state void.",
                rows(f"""SELECT occurred_on, entry, sentence, state, province, destination, odometer_km, price_cny, reference
                         FROM vehicle_timeline WHERE vin = {CHOSEN} ORDER BY civil_day, place, reference"""),
                units={"odometer_km": "lengthkm", "price_cny": MONEY}, span=FULL),
        listing("Evidence", "The documents that each of its alerts rests on, and where they were read.",
                rows(f"""SELECT detector, position, source, event_id, event_revision, event_type, occurred_at,
                         kafka_topic, kafka_partition, kafka_offset FROM current_evidence
                         WHERE subject = {CHOSEN} ORDER BY alert_id, position"""),
                span=HALF),
        listing("Life of its alerts", "Every change: raised, updated, taken back, and why.",
                rows(f"""SELECT detected_at, detector, revision, state, cause, severity, score, explanation
                         FROM alert_history WHERE subject = {CHOSEN}
                         ORDER BY detected_at, alert_id, revision"""),
                units={"score": "percentunit"}, span=HALF),
    ]  # fmt: skip
