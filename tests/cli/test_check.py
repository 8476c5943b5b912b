"""`zeromile schema` and `zeromile check`: the contract, and what files hold."""

import json

import msgspec

from detectors.decoding import decode
from detectors.wire import WIRE_TYPES
from streams.feeds.checking import StreamCheck
from streams.feeds.reading import Line

DOCUMENT = {
    "event_type": "registration",
    "event_id": "1",
    "source": "r",
    "vin": "LRW3E7FS5PC000400",
    "occurred_at": "2023-05-01",
    "kind": "initial",
}


def checked(*documents):
    found = StreamCheck({"N/A"})
    for number, fields in enumerate(documents, 1):
        found.take(Line(json.dumps(DOCUMENT | fields).encode(), "file", number))
    return found


def test_examples_are_documents_with_every_field(run):
    lines = run("schema", "--example").stdout.splitlines()
    assert len(lines) == len(WIRE_TYPES)
    for line in lines:
        document = json.loads(line)
        struct = WIRE_TYPES[document["event_type"]]
        assert document.keys() == {f.encode_name for f in msgspec.structs.fields(struct)} | {
            "event_type"
        }
        assert decode(line.encode()).dropped == ()


def test_the_schema_follows_from_the_types(run):
    schema = json.loads(run("schema", "--json").stdout)
    told = run("schema", "--markdown").stdout
    for event_type, struct in WIRE_TYPES.items():
        properties = schema["$defs"][struct.__name__]["properties"]
        for field in msgspec.structs.fields(struct):
            assert field.encode_name in properties
            assert f"| `{field.encode_name}` |" in told
        assert f"`{event_type}`" in told
    assert run("schema", "--json", "--example").exit_code == 2


def test_check_counts():
    found = checked(
        {},
        {"event_id": "2", "price": 1, "colour": "red", "province": None},
        {"event_id": "1", "vin": "LRW3E7FS0PC000402", "occurred_at": "2023-06-01T00:30:00Z"},
        {"event_id": "4", "vin": "WVGZZZCT3T***********", "fuel": "electric"},
        {"event_id": "5", "vin": "N/A", "date_precision": "month"},
        {"event_id": "6", "kind": "sold"},
        {"event_id": "7", "kind": "stolen"},
    )
    assert (found.read, found.accepted["registration"]) == (7, 5)
    assert found.refused == {"not_allowed": 2}
    assert found.first_refused["not_allowed"][0].number == 6
    assert found.unknown == {("registration", "price"): 1, ("registration", "colour"): 1}
    assert found.suggestion("registration", "price") == "price_cny"
    assert found.stated("registration")["province"] == 0
    assert found.no_cars == {"masked": 1, "word": 1}
    assert found.reused == {("r", "1")}
    assert found.offsets == {"Z": 1}
    assert found.month_precise == 1
    assert found.dropped == {"fuel": 1}
    assert found.well_formed == 2
    assert found.per_vehicle == {"1": 3, "2": 1}


def test_check_shows_it(run, tmp_path):
    path = tmp_path / "stream.jsonl"
    misspelt = json.dumps(DOCUMENT | {"price": 1})
    path.write_text(f"{json.dumps(DOCUMENT)}\n{misspelt}\n{{}}\n")
    result = run("check", path)
    assert result.exit_code == 0
    assert "price_cny" in result.output
    assert f"{path}:3" in result.output
    found = json.loads(run("check", path, "--format", "json").stdout)
    assert {"name": "read", "value": 3} in found["Documents"]
    path.write_text("{}\n{}\n" + json.dumps(DOCUMENT))
    assert run("check", path).exit_code == 1


def test_case_of_row_numbers(run, cases):
    found = json.loads(run("check", cases / "11_row_numbers.jsonl", "--format", "json").stdout)
    assert {"name": "event ids under several VINs", "value": 3} in found["Documents"]
    assert {"name": "vehicles", "value": 6} in found["Documents"]
