"""What is no recorded stream is said to be what it is, before anything is written or sent."""

import bz2
import gzip
import json
import lzma
import random
import subprocess
import zipfile

import pytest

DOCUMENT = {
    "event_type": "registration",
    "event_id": "1",
    "source": "r",
    "vin": "LRW3E7FS5PC000400",
    "occurred_at": "2023-05-01",
    "kind": "initial",
}
TEXT = json.dumps(DOCUMENT).encode() + b"\n"
ALERT = b'{"alert_id":"1","detector":"double_sale","state":"firing"}\n'
TRUTH = b'{"record":"vehicle","vin":"1"}\n'


def packed_in_zip(folder):
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        archive.writestr("x.jsonl", TEXT)
    return (folder / "x.zip").read_bytes()


OTHER = {
    "csv": (b"vin,occurred_at,kind\nLRW3E7FS5PC000400,2023-05-01,initial\n", "a table with commas"),
    "one line of csv": (b"vin;occurred_at;kind", "a table with semicolons"),
    "array": (json.dumps([DOCUMENT]).encode(), "a JSON array"),
    "pretty": (json.dumps(DOCUMENT, indent=2).encode(), "JSON over several lines"),
    "pretty array": (json.dumps([DOCUMENT], indent=2).encode(), "a JSON array"),
    "wrapped": (json.dumps({"schema": {}, "payload": DOCUMENT}).encode(), "in the field 'payload'"),
    "inner array": (json.dumps({"items": [DOCUMENT]}).encode(), "an array in the field 'items'"),
    "bz2": (bz2.compress(TEXT), "bzip2"),
    "xz": (lzma.compress(TEXT), "xz"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(40), "zstd"),
    "parquet": (b"PAR1" + bytes(40) + b"PAR1", "Parquet"),
    "utf-16": (TEXT.decode().encode("utf-16"), "UTF-16"),
    "utf-16 unmarked": (TEXT.decode().encode("utf-16-le"), "UTF-16"),
    "utf-32": (TEXT.decode().encode("utf-32"), "UTF-32"),
    "random": (b"\0" + random.Random(1).randbytes(5000), "no text"),
    "xml": (b"<?xml version='1.0'?><cars/>", "XML"),
    "truth": (TRUTH, "it holds truth"),
    "gzipped csv": (gzip.compress(b"vin,occurred_at\n1,2\n"), "a table with commas"),
}


@pytest.fixture(params=[*OTHER, "zip"])
def other(request, tmp_path):
    path = tmp_path / "input file"
    packed = (packed_in_zip(tmp_path), "zip") if request.param == "zip" else OTHER[request.param]
    path.write_bytes(packed[0])
    return path, packed[1]


def test_every_reader_names_it(run, other, tmp_path):
    path, what = other
    before = sorted(tmp_path.iterdir())
    for command in (
        ["replay", path, "--final", tmp_path / "final"],
        ["publish", path, "--bootstrap", "127.0.0.1:1"],
        ["sink", "--url", f"sqlite:///{tmp_path}/db", "--from-file", path],
        ["explain", path, "--vin", "X"],
        ["train", path, "--out", tmp_path / "model"],
        ["model", "drift", "default", path],
    ):
        result = run(*command)
        assert result.exit_code == 2, (command, result.output)
        assert what in result.output
        assert result.output.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_alerts_are_for_the_sink_only(run, tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(ALERT)
    assert "it holds alerts" in run("replay", path).output
    assert run("evaluate", path, "--truth", path).exit_code == 2
    result = run("sink", "--url", f"sqlite:///{tmp_path}/db", "--from-file", path)
    assert "1 refused" in result.output  # it lacks fields, but it is of the kind


def test_the_remedy_can_be_pasted(run, tmp_path):
    path = tmp_path / "my file.json"
    path.write_bytes(OTHER["array"][0])
    assert f"jq -c '.[]' '{path}'" in run("replay", path).output


def test_standard_input_is_looked_at_too(command):
    job = command("replay", "-", stdin=subprocess.PIPE)
    _, complaints = job.communicate(OTHER["csv"][0])
    assert job.returncode == 2
    assert b"a table with commas" in complaints


@pytest.mark.parametrize(("bad", "status"), [(1, 0), (2, 1)])
def test_more_than_half_refused_is_no_success(run, tmp_path, bad, status):
    path = tmp_path / "stream.jsonl"
    path.write_bytes(TEXT + b'{"event_type":"none"}\n' * bad)
    for command in (
        ["replay", path],
        ["sink", "--url", f"sqlite:///{tmp_path}/db{bad}", "--from-file", path],
    ):
        result = run(*command)
        assert result.exit_code == status, result.output
        assert "first refused:" in result.stderr
        assert f"{path}, line 2: unknown_event_type" in result.stderr.replace("\n", " ")
        assert run(*command, "--max-dead-letters", 2).exit_code == 0
        assert run(*command, "--max-dead-letters", 0).exit_code == 1


def test_a_mark_is_fine_everywhere(run, tmp_path):
    mark = "\ufeff"
    policy, country = tmp_path / "policy.toml", tmp_path / "country.toml"
    policy.write_text(f"{mark}[double_sale]\nwindow_days = 10\n", "utf-8")
    assert "window_days = 10" in run("policy", "show", "--config", policy).output
    country.write_text(f"{mark}[defaults]\n", "utf-8")
    small = ["--out", tmp_path / "o", "--truth", tmp_path / "t", "--country", country]
    assert "Object missing required field" in run("simulate", *small).output
    truth = tmp_path / "truth.jsonl"
    truth.write_text(mark + TRUTH.decode(), "utf-8")
    (tmp_path / "s.jsonl").write_bytes(TEXT)
    assert "missing required field" in run("evaluate", tmp_path / "s.jsonl", "--truth", truth).output


EXPECTED = {
    "04_bom.jsonl": None,
    "04_bom_middle.jsonl": None,
    "04_utf16.jsonl": "UTF-16",
    "04_array.json": "a JSON array",
    "04_pretty.json": "a JSON array",
    "04_wrapped.jsonl": "'payload'",
    "04_table.csv": "a table with commas",
    "04_gzip_then_text.jsonl.gz": "gzip -dc",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_cases_of_other_kinds(run, cases, tmp_path, name):
    final = tmp_path / "final"
    result = run("replay", cases / name, "--final", final)
    if EXPECTED[name] is None:
        assert result.exit_code == 0
        assert "double_sale" in final.read_text()
    else:
        assert result.exit_code == 2
        assert EXPECTED[name] in result.output
        assert result.output.count("\n") == 1
        assert list(tmp_path.iterdir()) == []


def test_case_of_a_policy_with_a_mark(run, cases):
    assert run("policy", "show", "--config", cases / "04_policy_bom.toml").exit_code == 0


TABLES = {
    "05_cp1252.csv": (["--encoding", "cp1252"], "--encoding"),
    "05_gb18030.csv": (["--encoding", "gb18030"], "--encoding"),
    "05_utf16.csv": ([], None),
    "05_gzip.csv.gz": ([], None),
    "05_open_quote.csv": (None, "quotation mark"),
    "05_semicolon_thousands.csv": ([], None),
    "05_float.csv": ([], None),
    "05_year_and_month.csv": (
        [
            *("--region-column", "provincia", "--year-column", "anio"),
            *("--month-column", "mes", "--count-column", "CANTIDAD"),
        ],
        "--year-column",
    ),
    "05_no_such_week.csv": (None, "2025 has the weeks 2025-W01 to 2025-W52"),
}


@pytest.mark.parametrize("name", TABLES)
def test_cases_of_counts(run, cases, name):
    options, refused = TABLES[name]
    if refused:
        result = run("spikes", cases / name)
        assert result.exit_code == 2
        assert refused in result.output
        assert result.output.count("\n") == 1
    if options is not None:
        result = run("spikes", cases / name, *options)
        assert result.exit_code == 0, result.output
        assert "counts judged" in result.output
