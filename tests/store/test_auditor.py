"""The auditor's question, answered by the page, the database and the pack, one command each.

"Which exporters and dealers are behind Guangdong's double sales of the fourth quarter, which invoices
do I ask for, and will the evidence hold?" The documents are few: the answer is worked out by hand.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from streams.cli import app
from tests.store.changes import export, registration

DATABASE = (Path(__file__).parents[2] / "docs" / "database.md").read_text("utf-8")
CARS = [f"LSVAM4187C218484{number}" for number in range(6)]
"""0 and 1 were sold twice in the quarter, 2 after it, 3 elsewhere, 4 once, 5 nine days apart."""
SOLD = [
    (CARS[0], "2024-10-02", "2024-10-04", "CN-GD", "dealer-1"),
    (CARS[1], "2024-12-30", "2024-12-31", "CN-GD", "dealer-2"),
    (CARS[2], "2025-01-01", "2025-01-01", "CN-GD", "dealer-1"),
    (CARS[3], "2024-11-05", "2024-11-06", "CN-ZJ", "dealer-3"),
    (CARS[5], "2024-11-01", "2024-11-10", "CN-GD", "dealer-4"),
]
EXPECTED = [
    (CARS[0], "dealer-1", "nominee-0", "I0", "exporter-1", "J0", "exporter-1", f"D-{CARS[0]}"),
    (CARS[1], "dealer-2", "nominee-1", "I1", "exporter-1", "J1", "exporter-1", f"D-{CARS[1]}"),
]


def documents() -> list[dict[str, object]]:
    made = []
    for vin, first, second, province, dealer in SOLD:
        number = vin[-1]
        made += [
            registration(vin, first, event_id=f"{vin}-first", province=province, seller_id=dealer,
                         owner_id=f"nominee-{number}", owner_type="person", invoice_no=f"I{number}"),
            registration(vin, second, event_id=f"{vin}-second", kind="pending_export",
                         province=province, owner_id="exporter-1", owner_type="exporter",
                         invoice_no=f"J{number}"),
            export(vin, "2025-01-20", exporter_id="exporter-1", exporter_province=province),
        ]  # fmt: skip
    made.append(registration(CARS[4], "2024-11-11", owner_id="buyer", seller_id="dealer-1"))
    return made


def zeromile(*words: str | Path) -> str:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report, a store, a key and a pack."""
    folder = tmp_path_factory.mktemp("auditor")
    recorded = folder / "documents.jsonl"
    recorded.write_text("".join(json.dumps(one) + "\n" for one in documents()), "utf-8")
    changes, url = folder / "changes.jsonl", f"sqlite:///{folder / 'store.sqlite'}"
    zeromile("replay", recorded, "--alerts", changes, "--report", folder / "report.html")
    zeromile("sink", "--url", url, "--from-file", changes, "--from-file", recorded)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True
    )
    zeromile("log", "checkpoint", "--url", url, "--key", folder / "key", "--out", folder)
    zeromile(
        "pack", "export", "--url", url, "--province", "CN-GD", "--from", "2024-10-01",
        "--to", "2024-12-31", "--detector", "double_sale", "--key", folder / "key",
        "--out", folder / "case",
    )  # fmt: skip
    return folder


def test_the_page_answers(answered: Path) -> None:
    page = (answered / "report.html").read_text("utf-8")
    packed = re.search(r'id="packed-data">(.*?)</script>', page, re.DOTALL)
    assert packed is not None
    parties = json.loads(gzip.decompress(b64decode(packed[1])))["parties"]
    assert parties["provinces"] == ["Guangdong", "Zhejiang"]
    asked = [
        (vin, *rest)
        for day, province, vin, *rest in parties["rows"]
        if province == "Guangdong" and "2024-10-01" <= day <= "2024-12-31"
    ]
    assert asked == EXPECTED
    assert len(parties["rows"]) == 4


def test_the_database_answers(answered: Path) -> None:
    query = re.search(r"(SELECT vin, first_seller_id.*?);", DATABASE, re.DOTALL)
    assert query is not None
    engine = sa.create_engine(f"sqlite:///{answered / 'store.sqlite'}")
    with engine.connect() as connection:
        assert connection.execute(sa.text(query[1])).all() == EXPECTED
    engine.dispose()


def test_the_pack_answers_and_holds(answered: Path) -> None:
    page = (answered / "case" / "data" / "case.html").read_text("utf-8")
    text = " ".join(re.sub(r"<[^>]*>", " ", page[: page.index("<section")]).split())
    parties = text[text.index("Who is behind it") : text.index("Ask for")]
    ranked = re.findall(r"(\S+) (owner|seller|exporter) (?:(?:person|exporter) )?(\d)", parties)
    assert set(ranked) == {
        ("exporter-1", "exporter", "2"), ("exporter-1", "owner", "2"), ("dealer-1", "seller", "1"),
        ("dealer-2", "seller", "1"), ("nominee-0", "owner", "1"), ("nominee-1", "owner", "1"),
    }  # fmt: skip
    assert ranked[0][2] == ranked[1][2] == "2", "those with most vehicles first"
    asked = re.findall(r"(invoice|declaration) (\S+) .*? (LSV\w+)", text[text.index("Ask for") :])
    assert set(asked) == {
        (kind, number, vin)
        for vin, _, _, first, _, second, _, declaration in EXPECTED
        for kind, number in (("invoice", first), ("invoice", second), ("declaration", declaration))
    }
    verified = zeromile("pack", "verify", answered / "case", "--checkpoint", answered / "checkpoint")
    assert "holds" in verified
