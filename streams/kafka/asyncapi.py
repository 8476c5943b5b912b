"""The topics that other programs write to and read from, as AsyncAPI 3.0, made of the types."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any, Final

import msgspec

from detectors.alerts import Alert
from detectors.wire import WIRE_TYPES
from streams import __version__
from streams.kafka.cloud_events import CONTENT_TYPE, headers_schema
from streams.kafka.topics import TopicNames, TopicSpec, topic_catalogue

_REFERENCE: Final = "#/components/schemas/{name}"
_BINDING: Final = "0.5.0"
"""Version of AsyncAPI's binding for Kafka."""
_DIALECT: Final = "application/schema+json;version=draft-2020-12"


def asyncapi() -> dict[str, Any]:
    """Document topics, which zeromile receives from, and the alert topic, which it sends to.

    Topic names and settings are those of an installation with default settings.
    """
    names = TopicNames("zeromile")
    specs = {
        spec.name: spec
        for spec in topic_catalogue(
            names, partitions=8, replication_factor=1, document_retention_days=30
        )
    }
    union: Any = reduce(or_, WIRE_TYPES.values())
    _, schemas = msgspec.json.schema_components([union, Alert], ref_template=_REFERENCE)
    channels, operations, messages = {}, {}, {}
    for kind, struct in WIRE_TYPES.items():
        topic = names.documents_of(kind)
        messages[kind] = _message(struct, f"A document of the type {kind}.", "the VIN")
        channels[f"{kind}s"] = _channel(specs[topic], kind)
        operations[f"receive_{kind}s"] = _operation("receive", f"{kind}s", kind)
    messages["alert"] = _message(Alert, "One change of an alert.", "the alert id")
    channels["alerts"] = _channel(specs[names.alerts], "alert")
    operations["send_alerts"] = _operation("send", "alerts", "alert")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "zeromile",
            "version": __version__,
            "description": "Documents of single vehicles in, alerts that explain themselves out. "
            "An alert is a risk indicator with evidence, never a verdict.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": dict(sorted(schemas.items()))},
    }


def _message(struct: type[msgspec.Struct], summary: str, key: str) -> dict[str, Any]:
    return {
        "name": struct.__name__,
        "summary": summary,
        "contentType": CONTENT_TYPE,
        "headers": headers_schema(required=struct is Alert),
        "payload": {
            "schemaFormat": _DIALECT,
            "schema": {"$ref": _REFERENCE.format(name=struct.__name__)},
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"Key of the record: {key}."},
                "bindingVersion": _BINDING,
            }
        },
    }


def _channel(spec: TopicSpec, message: str) -> dict[str, Any]:
    return {
        "address": spec.name,
        "description": spec.purpose,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {
            "kafka": {
                "topic": spec.name,
                "partitions": spec.partitions,
                "replicas": spec.replication_factor,
                "topicConfiguration": _settings(spec),
                "bindingVersion": _BINDING,
            }
        },
    }


def _settings(spec: TopicSpec) -> dict[str, Any]:
    """The settings of a topic that the binding has words for."""
    told: dict[str, Any] = {"cleanup.policy": [spec.configs["cleanup.policy"]]}
    if "retention.ms" in spec.configs:
        told["retention.ms"] = int(spec.configs["retention.ms"])
    return told


def _operation(action: str, channel: str, message: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
    }
