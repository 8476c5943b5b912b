"""Alert changes as CloudEvents 1.0: the same attributes on Kafka and in webhooks.

On Kafka they are headers (binary content mode), so that the value stays the alert and nothing else.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from detectors.alerts import Alert
from streams.kafka.transaction_buffer import Headers

PREFIX: Final = "ce_"
CONTENT_TYPE: Final = "application/json"
SOURCE: Final = "/zeromile/alerts"
_ATTRIBUTES: Final = {
    "specversion": "Version of CloudEvents, 1.0.",
    "id": "Tells events of a source apart: alert id and revision for an alert.",
    "source": f"Who says it: {SOURCE} for alerts.",
    "type": "What it is: zeromile.alert.firing.v1 or zeromile.alert.resolved.v1 for an alert.",
    "subject": "What it is about: the alert id for an alert.",
    "time": "When it happened, RFC 3339: when an alert's change was detected.",
}
"""Name and meaning of every attribute that we write."""


def attributes_of(alert: Alert) -> dict[str, str]:
    """What CloudEvents says of an alert change: a function of the change alone."""
    return {
        "specversion": "1.0",
        "id": f"{alert.alert_id}.{alert.revision}",
        "source": SOURCE,
        "type": f"zeromile.alert.{alert.state}.v1",
        "subject": alert.alert_id,
        "time": alert.detected_at,
    }


_TYPES: Final = {state: f"zeromile.alert.{state}.v1".encode() for state in ("firing", "resolved")}


def headers_of(alert: Alert) -> Headers:
    """Headers of an alert's record on Kafka: `attributes_of` it, spelled out for speed."""
    identity = alert.alert_id.encode()
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"%b.%d" % (identity, alert.revision)),
        ("ce_source", SOURCE.encode()),
        ("ce_type", _TYPES[alert.state]),
        ("ce_subject", identity),
        ("ce_time", alert.detected_at.encode()),
        ("content-type", CONTENT_TYPE.encode()),
    ]


def structured(alert: Alert) -> bytes:
    """An alert change with its attributes in one JSON object (structured content mode)."""
    return msgspec.json.encode({**attributes_of(alert), "datacontenttype": CONTENT_TYPE, "data": alert})


def headers_schema(*, required: bool) -> dict[str, Any]:
    """JSON Schema of the headers: written on every alert, taken and not asked for on a document."""
    told = {PREFIX + name: text for name, text in _ATTRIBUTES.items()}
    told["content-type"] = f"Type of the value, {CONTENT_TYPE}."
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"type": "string", "description": text} for name, text in told.items()},
    }
    return schema | {"required": list(told)} if required else schema
