"""Alert changes and documents as they are on the topics."""

from __future__ import annotations

import json
from typing import Any

from streams.store.records import StoredRecord


def change(alert_id: str = "a1", revision: int = 0, **other: Any) -> dict[str, Any]:
    return {
        "alert_id": alert_id, "detector": "double_sale", "detector_version": 1, "model_id": None,
        "subject_type": "vehicle", "subject": f"VIN-{alert_id}", "state": "firing",
        "cause": "new_evidence", "revision": revision, "severity": "high", "score": 0.6,
        "occurred_at": "2025-06-17", "detected_at": "2026-01-02T03:04:05.678901+00:00",
        "title": "Same-week double sale", "explanation": f"Revision {revision}.",
        "facts": {"days_between": 4, "to_exporter": True, "first_price_cny": 100000.0},
        "evidence": [
            {"source": "registry", "event_id": f"{alert_id}-{revision}-{position}", "revision": 0,
             "event_type": "registration", "occurred_at": "2025-06-17"}
            for position in range(2)
        ],
        "labels": {"province": "CN-GD", "brand": "Neta"}, "shadow": False,
    } | other  # fmt: skip


def record(value: dict[str, Any] | bytes, offset: int = 0, kind: Any = "alert") -> StoredRecord:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return StoredRecord(kind, raw, "zeromile.alerts.v1", 0, offset)


def records(*changes: dict[str, Any]) -> list[StoredRecord]:
    return [record(value, offset) for offset, value in enumerate(changes)]


def registration(vin: str, day: str, **other: Any) -> dict[str, Any]:
    return {
        "event_id": f"{vin}-{day}", "source": "registry", "event_type": "registration", "vin": vin,
        "occurred_at": day, "kind": "initial", "province": "CN-GD", "owner_id": "o1",
        "owner_type": "company", "price_cny": 113000, "brand": "Neta", "fuel": "bev",
    } | other  # fmt: skip


def export(vin: str, day: str, **other: Any) -> dict[str, Any]:
    return {
        "event_id": f"{vin}-{day}-export", "source": "customs", "event_type": "customs_export",
        "vin": vin, "occurred_at": day, "declaration_no": f"D-{vin}", "exporter_id": "e1",
        "exporter_province": "CN-GD", "destination": "KG", "condition": "used", "value_cny": 98000,
        "odometer_km": 12, "odometer_status": "read", "brand": "Neta", "fuel": "bev",
    } | other  # fmt: skip


def document(value: dict[str, Any] | bytes, offset: int = 0) -> StoredRecord:
    return record(value, offset, "document")
