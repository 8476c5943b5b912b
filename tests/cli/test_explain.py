"""`explain`: everything cited in full, findings linked to documents, as text, JSON and a page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app
from tests.store.test_views import case_records


@pytest.fixture
def file(tmp_path: Path) -> str:
    documents, _ = case_records()
    path = tmp_path / "documents.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in documents), "utf-8")
    return str(path)


def run(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(app, ["explain", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_everything_is_cited_and_findings_name_their_documents(file: str):
    text = run(file, "--vin", "V1")
    for cited in ("seller d1", "owner n1", "invoice I1", "invoice J1", "declaration D-V1", "licence L1",
                  "registry/V1-first, revision 0"):  # fmt: skip
        assert cited in text
    assert "rests on [1] registry/V1-first, [2] registry/V1-second" in text


def test_several_vehicles_as_json(file: str):
    found = json.loads(run(file, "--vin", "v1", "--vin", "V0", "--vin", "V1", "--json"))
    assert [vehicle["vin"] for vehicle in found] == ["V1", "V0"]
    assert {alert["detector"] for alert in found[0]["alerts"]} >= {"double_sale"}
    assert found[0]["documents"][0]["invoice_no"] == "I1"
    assert found[0]["sales"][0]["document"] == "registry/V1-first"


def test_a_page_to_print(file: str, tmp_path: Path):
    page = tmp_path / "case.html"
    run(file, "--vin", "V0", "--vin", "V1", "--html", str(page))
    text = page.read_text("utf-8")
    for wanted in (
        "d1",
        "invoice",
        "D-V1",
        "the registering office, CN-GD",
        "customs, Khorgos",
        'id="V0"',
    ):
        assert wanted in text
    assert "VERIFY.md" not in text, "there is no log to check it by"


def test_a_vehicle_that_no_document_names(file: str):
    assert "no document names the vehicle XYZ" in run(file, "--vin", "xyz", status=2)
