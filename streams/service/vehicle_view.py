"""One vehicle's file as people may ask for it."""

from __future__ import annotations

from streams import record as records


def vehicle_view(data: bytes | None, vin: str) -> dict[str, object] | None:
    """Documents with where they were read, and standing alerts; None if there is no record."""
    if data is None:
        return None
    record = records.decode(data)
    return {
        "vin": vin,
        "documents": [
            {"document": _named(filed.document), "position": filed.position} for filed in record.filed
        ],
        "alerts": [
            {
                "alert_id": alert.alert_id,
                "revision": alert.revision,
                "state": "resolved" if alert.finding is None else "firing",
                "finding": alert.finding,
            }
            for alert in record.alerts
        ],
        "overfull": record.overfull,
    }


def _named(document: object) -> dict[str, object]:
    """Turn a document, which is an array in the state, into an object with field names."""
    fields: tuple[str, ...] = document.__struct_fields__  # type: ignore[attr-defined]
    return {name: value for name in fields if (value := getattr(document, name)) not in (None, "")}
