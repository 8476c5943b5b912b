"""`zeromile schema` and `zeromile check`: the contract, and what files hold."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from detectors.country import CHINA
from detectors.decoding import decode
from detectors.wire import WIRE_TYPES
from streams.backfill.checking import check_files
from streams.feeds.checking import LineCheck, StreamCheck

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
    lines = [json.dumps(DOCUMENT | fields).encode() for fields in documents]
    found.add(LineCheck(CHINA).look(lines), "file")
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
    assert found.first_refused["not_allowed"][0] == "file:6"
    assert found.unknown == {("registration", "price"): 1, ("registration", "colour"): 1}
    assert found.suggestion("registration", "price") == "price_cny"
    assert found.stated("registration")["province"] == 0
    assert found.no_cars == {"masked": 1, "word": 1}
    assert found.reused == {"r\x1e1"}
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


@pytest.mark.parametrize("value", [r'"\ud800"', "1e999", "[" * 5_000 + "]" * 5_000])
def test_a_value_of_no_interest_may_hold_anything(run, tmp_path, value):
    path = tmp_path / "stream.jsonl"
    path.write_text(f'{json.dumps(DOCUMENT)[:-1]}, "note": {value}}}\n')
    result = run("check", path, "--format", "json")
    found = json.loads(result.stdout)
    accepted = {"name": "accepted: registration", "value": 1} in found["Documents"]
    assert accepted == (not value.startswith("["))  # so deep a list is no document to the decoder
    assert result.exit_code == (0 if accepted else 1)


def test_any_number_of_processes_finds_the_same(tmp_path):
    lines = [json.dumps(DOCUMENT | {"event_id": str(n), "vin": f"V{n % 700}"}) for n in range(1_000)]
    lines[400:400] = ["", "{}", '{"vin": 1}']
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl.gz"
    first.write_text("\r\n".join(lines))
    second.write_bytes(gzip.compress("\n".join([*lines[600:], "no JSON"]).encode()))
    told = []
    for processes, chunk in ((1, 1 << 20), (1, 5_000), (2, 20_000)):
        found = StreamCheck()
        look = LineCheck(CHINA)
        check_files([first, second], look, found, processes=processes, chunk=chunk)
        told.append({**vars(found), "of vehicles": found.per_vehicle})
    assert told[1] == told[2] == told[0]
    assert told[0]["first_refused"]["missing_field"][0] == f"{first}:402"
    assert told[0]["first_refused"]["not_json"][0] == f"{second}:404"


def test_a_check_loads_no_detector(tmp_path):
    (tmp_path / "stream.jsonl").write_text(json.dumps(DOCUMENT))
    program = (
        "import sys\nfrom streams.cli import app\n"
        f"app(['check', {str(tmp_path / 'stream.jsonl')!r}], standalone_mode=False)\n"
        "sys.exit(' '.join({'numpy', 'scipy', 'holidays', 'duckdb'} & set(sys.modules)) or 0)"
    )
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")
