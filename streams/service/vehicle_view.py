"""One vehicle's file as people may ask for it, in the words of the document contract."""

from __future__ import annotations

from typing import Final

from detectors import civil_time
from detectors.documents import Document
from detectors.findings import Finding
from detectors.wire import WIRE_TYPES
from streams.service.answers import named
from streams.state import record as records

_DAYS: Final = {"licence_applied_at": "licence_applied_day", "exited_at": "exited_day"}
"""Times of the contract of which only the civil day is kept."""


def vehicle_view(data: bytes | None, vin: str) -> dict[str, object] | None:
    """Documents with where they were read, and standing alerts; None if there is no record."""
    if data is None:
        return None
    record = records.decode(data)
    return {
        "vin": vin,
        "documents": [
            {
                "document": as_published(filed.document),
                "dropped": [value._asdict() for value in filed.document.dropped],
                "position": filed.position,
            }
            for filed in record.filed
        ],
        "alerts": [
            {
                "alert_id": alert.alert_id,
                "revision": alert.revision,
                "state": "resolved" if alert.finding is None else "firing",
                "finding": None if alert.finding is None else finding_view(alert.finding),
            }
            for alert in record.alerts
        ],
        "overfull": record.overfull,
    }


def as_published(document: Document) -> dict[str, object]:
    """Write a document as a publisher would, so that it decodes to the same one."""
    values: dict[str, object] = {"event_type": document.event_type}
    for name in WIRE_TYPES[document.event_type].__struct_fields__:
        value = _value(document, name)
        if value not in (None, ""):
            values[name] = value
    return values


def finding_view(finding: Finding) -> dict[str, object]:
    """Write a finding with its fields' names, days as civil days."""
    view = named(finding)
    if finding.deadline is not None:
        last_day = civil_time.day_text(finding.deadline.last_day)
        view["deadline"] = {"feed": finding.deadline.feed, "last_day": last_day}
    return view


def _value(document: Document, name: str) -> object:
    if name == "recorded_at":
        day, time = document.recorded_day, document.recorded_time
        return None if day is None else civil_time.text(day, time)
    if name in _DAYS:
        day = getattr(document, _DAYS[name])
        return None if day is None else civil_time.day_text(day)
    value: object = getattr(document, name)
    return value
