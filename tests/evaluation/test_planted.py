"""Schemes planted into a real register: real negatives beside known positives."""

import gzip
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streams.cli import app

AIRCRAFT = Path(__file__).parents[3] / "shared" / "data" / "aircraft_sales.jsonl.gz"
PLANTED = 200


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    if not AIRCRAFT.exists():
        pytest.skip("the real register is not here")
    folder = tmp_path_factory.mktemp("planted")
    stream, labels = folder / "planted.jsonl.gz", folder / "labels.csv"
    real = gzip.decompress(AIRCRAFT.read_bytes())
    planted = [json.dumps(document) for number in range(PLANTED) for document in _scheme(number)]
    stream.write_bytes(gzip.compress(real + "\n".join(planted).encode() + b"\n"))
    rows = [f"{_vin(number)},scheme" for number in range(PLANTED)]
    labels.write_text("\n".join(["vehicle,label", *rows]) + "\n")
    done = CliRunner().invoke(app, ["evaluate", str(stream), "--truth", str(labels), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def _vin(number):
    return f"N{number:04}ZM-PLANTED"


def _scheme(number):
    """Registered, endorsed for export days later, declared: with odometers that nobody could drive."""
    first = date(2025, 7, 1) + timedelta(number % 150)
    waits = number % 5
    common = {"source": "planted", "vin": _vin(number), "brand": "Example"}
    yield common | {
        "event_id": f"i{number}", "event_type": "registration", "kind": "initial",
        "occurred_at": first.isoformat(), "owner_id": f"nominee-{number}", "price_cny": 150_000,
    }  # fmt: skip
    yield common | {
        "event_id": f"p{number}", "event_type": "registration", "kind": "pending_export",
        "occurred_at": (first + timedelta(waits)).isoformat(), "owner_id": f"exporter-{number % 7}",
        "owner_type": "exporter", "price_cny": 140_000,
    }  # fmt: skip
    yield common | {
        "event_id": f"x{number}", "event_type": "customs_export", "declaration_no": f"d{number}",
        "exporter_id": f"exporter-{number % 7}", "destination": "KZ", "condition": "used",
        "occurred_at": (first + timedelta(waits + 9)).isoformat(), "value_cny": 130_000,
        "odometer_km": 20 + number % 90, "odometer_status": "read",
    }  # fmt: skip


def test_every_planted_scheme_is_found_among_real_documents(card):
    rows = {row["kind"]: row for row in card["kinds"]}
    assert rows["scheme"]["accused"]["count"] == PLANTED


def test_real_aircraft_are_accused_of_sales_within_a_week_only(card):
    (ordinary,) = [row for row in card["stories"] if row["kind"] == "ordinary"]
    assert set(ordinary["told_by"]) <= {"double_sale"}
    assert ordinary["accused"]["share"] < 0.035


def test_a_budget_finds_the_planted_first(card):
    first = next(row for row in card["budgets"] if row["order"] == "alerts by score")
    assert first["right"]["share"] == 1.0
