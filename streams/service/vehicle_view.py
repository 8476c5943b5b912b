"""One vehicle's file as people may ask for it."""

from __future__ import annotations

from streams.service.answers import named
from streams.state import record as records


def vehicle_view(data: bytes | None, vin: str) -> dict[str, object] | None:
    """Documents with where they were read, and standing alerts; None if there is no record."""
    if data is None:
        return None
    record = records.decode(data)
    return {
        "vin": vin,
        "documents": [
            {"document": named(filed.document, without=(None, "")), "position": filed.position}
            for filed in record.filed
        ],
        "alerts": [
            {
                "alert_id": alert.alert_id,
                "revision": alert.revision,
                "state": "resolved" if alert.finding is None else "firing",
                "finding": None if alert.finding is None else named(alert.finding),
            }
            for alert in record.alerts
        ],
        "overfull": record.overfull,
    }
