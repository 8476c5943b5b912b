"""Alert changes as CloudEvents: headers on Kafka and the body of a webhook say the same."""

import json

import msgspec
import pytest

from detectors.alerts import Alert
from streams.kafka.cloud_events import headers_of, headers_schema, structured
from streams.kafka.topics import TopicNames
from streams.kafka.transaction_buffer import TransactionBuffer
from streams.service.outgoing import add_alerts
from tests.store.changes import change


def alert(**other):
    return msgspec.convert(change("0123456789abcdef", 3, **other), Alert)


@pytest.mark.parametrize("state", ["firing", "resolved"])
def test_headers_and_body_say_the_same_and_name_no_vehicle(state):
    headers = {name: data.decode() for name, data in headers_of(alert(state=state))}
    assert headers == {
        "ce_specversion": "1.0", "ce_id": "0123456789abcdef.3", "ce_source": "/zeromile/alerts",
        "ce_type": f"zeromile.alert.{state}.v1", "ce_subject": "0123456789abcdef",
        "ce_time": "2026-01-02T03:04:05.678901+00:00", "content-type": "application/json",
    }  # fmt: skip
    event = json.loads(structured(alert(state=state)))
    assert event.pop("data") == json.loads(msgspec.json.encode(alert(state=state)))
    assert event.pop("datacontenttype") == headers.pop("content-type")
    assert {f"ce_{name}": text for name, text in event.items()} == headers


def test_they_are_described_as_they_are_written():
    schema = headers_schema(required=True)
    assert schema["required"] == list(schema["properties"]) == [name for name, _ in headers_of(alert())]
    assert "required" not in headers_schema(required=False)


def test_the_value_stays_the_alert_byte_for_byte():
    outbox = TransactionBuffer()
    add_alerts(outbox, TopicNames("zeromile"), 8, [alert()])
    ((entry,),) = outbox.take().values()
    assert entry[1] == msgspec.json.encode(alert())
    assert entry[2] == headers_of(alert())
