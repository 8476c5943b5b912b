"""docs/asyncapi.json is what the types say, and every reference in it leads somewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec

from detectors.wire import WIRE_TYPES
from streams.feeds.contract import examples
from streams.kafka.asyncapi import asyncapi
from streams.kafka.topics import TopicNames
from tests.deploy.compose_linter import installed
from tests.store.changes import change

NPM = Path(__file__).parents[1] / "desk" / "npm"
PAGE = Path(__file__).parents[2] / "docs" / "asyncapi.json"


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for each in value.values() for found in references(each)]
    return [found for each in value for found in references(each)] if isinstance(value, list) else []


def test_the_committed_description_is_the_one_of_today():
    made = json.loads(json.dumps(asyncapi()))
    told = json.loads(PAGE.read_text("utf-8"))
    assert told == made, "run `zeromile schema --asyncapi > docs/asyncapi.json`"


def test_it_is_what_the_specification_wants():
    specs = installed(NPM, "ASYNCAPI'S OWN SCHEMA WAS NOT ASKED") / "@asyncapi" / "specs" / "schemas"
    schema = json.loads((specs / "3.0.0-without-$id.json").read_text("utf-8"))
    validator = jsonschema_rs.validator_for(schema)
    told = json.loads(PAGE.read_text("utf-8"))
    assert [str(fault) for fault in validator.iter_errors(told)] == []
    told["channels"]["alerts"]["bindings"]["kafka"]["partitions"] = "eight"
    assert not validator.is_valid(told), "the bindings for Kafka are looked at too"


def _whole(name: str) -> dict[str, Any]:
    """One of its schemas with all that it refers to."""
    return {"$ref": f"#/components/schemas/{name}", "components": asyncapi()["components"]}


def test_documents_and_alerts_are_what_their_schemas_say():
    for example in examples():
        struct = WIRE_TYPES[example["event_type"]]
        jsonschema_rs.validator_for(_whole(struct.__name__)).validate(example)
    alerts = jsonschema_rs.validator_for(_whole("Alert"))
    alerts.validate(change())
    assert not alerts.is_valid(change(severity="worst"))


def test_every_reference_leads_somewhere():
    told = asyncapi()
    found = references(told)
    assert len(found) > 10
    for reference in found:
        place: Any = told
        for name in reference.removeprefix("#/").split("/"):
            place = place[name]


def test_it_names_the_topics_that_others_use_and_no_others():
    names = TopicNames("zeromile")
    addresses = {channel["address"] for channel in asyncapi()["channels"].values()}
    assert addresses == {*names.documents, names.alerts}


def test_the_examples_have_the_fields_of_the_schemas():
    schemas = asyncapi()["components"]["schemas"]
    for example in examples():
        (schema,) = [
            one for one in schemas.values()
            if one.get("properties", {}).get("event_type", {}).get("enum") == [example["event_type"]]
        ]  # fmt: skip
        assert set(example) <= set(schema["properties"])
        assert set(schema["required"]) <= set(example)
    assert msgspec.json.encode(schemas)
