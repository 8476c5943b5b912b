"""Views by question, against expectations worked out by hand; and the dictionary of their columns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from streams.store.refreshing import refresh_views
from streams.store.writing import write
from tests.store.changes import change, document, export, record, registration

FTS5 = ("alert_words", "alert_numbers")
"""Tables of SQLite's text index, which nobody asks."""
DATABASE = (Path(__file__).parents[2] / "docs" / "database.md").read_text("utf-8")


def rows(engine: sa.Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def double_sale(alert_id: str, vin: str, day: str, **other):
    evidence = [
        {"source": "registry", "event_id": event_id, "revision": 0, "event_type": "registration",
         "occurred_at": day} for event_id in (f"{vin}-first", f"{vin}-second")
    ]  # fmt: skip
    facts = {"first_sale": day, "second_sale": day, "days_between": 0, "to_exporter": True}
    return change(alert_id, subject=vin, occurred_at=day, evidence=evidence, facts=facts, **other)


def case_records():
    """Dealer d1 sells three cars to nominees of exporter e1; d2 sells one to a person."""
    documents = []
    for number, day in enumerate(("2024-10-02", "2024-12-30", "2025-01-02")):
        vin = f"V{number}"
        documents += [
            registration(vin, day, event_id=f"{vin}-first", owner_id=f"n{number}", owner_type="person",
                         seller_id="d1", invoice_no=f"I{number}"),
            registration(vin, day, event_id=f"{vin}-second", kind="pending_export", owner_id="e1",
                         owner_type="exporter", invoice_no=f"J{number}"),
            export(vin, day, licence_no=f"L{number}", exit_customs="Khorgos", fuel=None),
        ]  # fmt: skip
    documents.append(
        registration("V9", "2024-11-01", owner_id="p1", owner_type="person", seller_id="d2")
    )
    alerts = [
        double_sale("a0", "V0", "2024-10-02"),
        double_sale("a1", "V1", "2024-12-30"),
        double_sale("a2", "V2", "2025-01-02"),
        double_sale("a3", "V9", "2024-11-01", state="resolved"),
    ]
    return documents, alerts


@pytest.fixture
def asked(store: sa.Engine) -> sa.Engine:
    documents, alerts = case_records()
    write(store, [document(value, offset) for offset, value in enumerate(documents)])
    write(store, [record(value, offset) for offset, value in enumerate(alerts)])
    refresh_views(store)
    return store


def test_who_is_behind_the_double_sales_of_a_quarter_and_which_invoices_to_ask_for(asked: sa.Engine):
    query = re.search(r"(SELECT vin, first_seller_id.*?);", DATABASE, re.DOTALL)
    assert query is not None
    assert rows(asked, query[1]) == [
        ("V0", "d1", "n0", "I0", "e1", "J0", "e1", "D-V0"),
        ("V1", "d1", "n1", "I1", "e1", "J1", "e1", "D-V1"),
    ]


def test_parties_their_vehicles_and_links(asked: sa.Engine):
    assert rows(
        asked,
        "SELECT party_id, party_type, vehicles, vehicles_owned, vehicles_sold, vehicles_exported, "
        "vehicles_with_alerts, vehicles_sold_twice FROM parties WHERE vehicles > 1 OR party_id = 'p1' "
        "ORDER BY party_id",
    ) == [
        ("d1", None, 3, 0, 3, 0, 3, 3), ("e1", "exporter", 3, 3, 0, 3, 3, 3),
        ("p1", "person", 1, 1, 0, 0, 0, 0),
    ]  # fmt: skip
    assert rows(
        asked,
        "SELECT vin, documents, as_owner, as_exporter, alerts, double_sales FROM party_vehicles "
        "WHERE party_id = 'e1' ORDER BY vin",
    ) == [(f"V{number}", 2, 1, 1, 1, 1) for number in range(3)]
    assert rows(
        asked,
        "SELECT from_id, to_id, relation, vehicles FROM party_links "
        "WHERE from_id = 'd1' OR vehicles > 1 ORDER BY relation, to_id",
    ) == [("d1", "e1", "exported", 3), *(("d1", f"n{n}", "sold", 1) for n in range(3))]
    assert rows(
        asked, "SELECT role, invoice_no, declaration_no FROM party_documents WHERE party_id = 'n1'"
    ) == [("owner", "I1", None)]


def test_a_timeline_reads_in_order_and_cites_in_full(asked: sa.Engine):
    found = rows(asked, "SELECT sentence FROM vehicle_timeline WHERE vin = 'V1'")
    assert [row[0] for row in found] == [
        "first registration in CN-GD, person n1, sold by d1, 113000 CNY, invoice I1",
        "transfer pending export in CN-GD, exporter e1, 113000 CNY, invoice J1",
        "declared for export as used in CN-GD to KG, exporter e1, 98000 CNY, 12 km, declaration D-V1, "
        "licence L1",
        "Same-week double sale (high): Revision 0.",
    ]


def test_trade_by_week_gate_and_drive(asked: sa.Engine):
    found = rows(
        asked,
        "SELECT week, drive, destination, exit_customs, exports, with_reading, hardly_driven, "
        "within_30_days FROM trade_weekly ORDER BY week, destination",
    )
    assert [(str(row[0]), *row[1:]) for row in found] == [
        ("2024-09-30", "electric", "KG", "Khorgos", 1, 1, 1, 1),
        ("2024-12-30", "electric", "KG", "Khorgos", 2, 2, 2, 2),
    ]


def test_every_column_of_every_table_and_view_is_in_the_dictionary(store: sa.Engine):
    inspector = sa.inspect(store)
    views = inspector.get_view_names()
    if store.dialect.name == "postgresql":
        views += inspector.get_materialized_view_names()
    tables = [
        name
        for name in inspector.get_table_names()
        if name != "alembic_version" and not name.startswith(FTS5)
    ]
    there = {column["name"] for name in (*tables, *views) for column in inspector.get_columns(name)}
    glossary = DATABASE[DATABASE.index("## Columns") :]
    named = {
        name
        for line in glossary.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split(" | ")[0])
    }
    assert named == there
    questions = DATABASE[DATABASE.index("## Views by question") : DATABASE.index("## Columns")]
    assert {view for view in views if f"`{view}`" not in questions} == set()


def test_a_view_that_waits_for_a_refresh_says_how_old_it_is(asked: sa.Engine):
    assert rows(asked, "SELECT log_size FROM view_refreshes") == [(14,)]
    assert not refresh_views(asked), "nothing has come since"
    write(asked, [document(registration("V5", "2025-03-03"), 99)])
    assert refresh_views(asked)
    assert rows(asked, "SELECT COUNT(*) FROM vehicle_retail") == [(5,)]
