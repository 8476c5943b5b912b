"""An alert change as rows: the change itself and its evidence."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from detectors import civil_time
from detectors.alerts import Alert
from detectors.findings import SEVERITIES
from streams.store.errors import RecordError
from streams.store.received import receive
from streams.store.records import Row, StoredRecord, TableRows

_decoder = msgspec.json.Decoder(Alert)
_LARGEST_INTEGER = 2**63 - 1


def add_alert(rows: TableRows, record: StoredRecord) -> None:
    """Turn one record of the alert topic into rows.

    Raises
    ------
    RecordError
        If it is no alert change.
    """
    alert = _decode(record.value)
    civil_day = _day(alert)
    month = date.fromordinal(civil_day).replace(day=1)
    rows.changes.append(
        {
            "alert_id": alert.alert_id,
            "revision": alert.revision,
            "state": alert.state,
            "cause": alert.cause,
            "detector": alert.detector,
            "detector_version": alert.detector_version,
            "model_id": alert.model_id,
            "subject_type": alert.subject_type,
            "subject": alert.subject,
            "severity": alert.severity,
            "severity_rank": SEVERITIES.index(alert.severity) + 1,
            "score": alert.score,
            "occurred_at": alert.occurred_at,
            "occurred_on": date.fromordinal(civil_day).isoformat(),
            "occurred_month": month.isoformat(),
            "civil_day": civil_day,
            "detected_at": _instant(alert.detected_at).isoformat(),
            "title": alert.title,
            "explanation": alert.explanation,
            "facts": msgspec.json.encode(alert.facts).decode(),
            "labels": msgspec.json.encode(alert.labels).decode(),
            "province": _province(alert),
            "brand": alert.labels.get("brand"),
            "destination": alert.labels.get("destination"),
            "shadow": alert.shadow,
            "policy_id": alert.policy_id,
            "kafka_topic": record.topic,
            "kafka_partition": record.partition,
            "kafka_offset": record.offset,
        }
    )
    rows.evidence.extend(_evidence(alert))
    rows.received.append(receive(record, False, alert.alert_id, alert.revision))


def _decode(value: bytes) -> Alert:
    try:
        alert = _decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise RecordError(
            field=None, value=f"no alert change ({error})", allowed="an alert change"
        ) from None
    # The six characters may also be a text of their own, after another backslash.
    if b"\\u0000" in value and _holds_nul(msgspec.to_builtins(alert)):
        raise RecordError(field=None, value="text with the character U+0000", allowed="text without it")
    if not 0 <= alert.revision <= _LARGEST_INTEGER:
        raise RecordError(field="revision", value=str(alert.revision), allowed="0 to 2^63 - 1")
    return alert


def _holds_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any(_holds_nul(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return any(map(_holds_nul, value))
    return isinstance(value, str) and "\x00" in value


def _day(alert: Alert) -> int:
    try:
        return civil_time.parse(alert.occurred_at).day
    except ValueError:
        raise RecordError(
            field="occurred_at", value=repr(alert.occurred_at[:60]), allowed=civil_time.ALLOWED
        ) from None


def _instant(text: str) -> datetime:
    try:
        instant: datetime = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        instant = datetime.min  # noqa: DTZ901 - only says that there is no offset
    if instant.tzinfo is None:
        raise RecordError(
            field="detected_at", value=repr(text[:60]), allowed="an RFC 3339 time with offset"
        )
    return instant


def _province(alert: Alert) -> str | None:
    return alert.subject if alert.subject_type == "province" else alert.labels.get("province")


def _evidence(alert: Alert) -> list[Row]:
    return [
        {
            "alert_id": alert.alert_id,
            "revision": alert.revision,
            "position": position,
            "source": document.source,
            "event_id": document.event_id,
            "event_revision": document.revision,
            "event_type": document.event_type,
            "occurred_at": document.occurred_at,
            "kafka_topic": document.topic,
            "kafka_partition": document.partition,
            "kafka_offset": document.offset,
        }
        for position, document in enumerate(alert.evidence)
    ]
