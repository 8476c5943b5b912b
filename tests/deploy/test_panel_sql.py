"""Every SQL of every panel, variable and annotation, run by a real PostgreSQL as the read-only role."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import psycopg
import pytest

from streams.store.database import migrate, open_database
from streams.store.refreshing import refresh_views
from streams.store.writing import write
from tests.deploy.files import expand, sql_of_dashboards
from tests.store.changes import change, document, export, record, registration
from tests.store.postgres_cluster import PostgresCluster

QUERIES = sql_of_dashboards()
VARIABLES = {
    "province": ["CN-GD", "CN-ZJ", "none"],
    "brand": ["Neta", "O'Hara", "none"],
    "detector": ["double_sale", "zero_mileage_export"],
    "severity": ["high", "critical"],
    "vin": ["v3 "],
    "party": [" e1"],
    "destination": ["KG"],
}
START, END = "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
DAYS = 90


@pytest.fixture(scope="module")
def reader(postgres: PostgresCluster) -> Iterator[psycopg.Connection]:
    """A filled store, seen as Grafana sees it."""
    writer = open_database(postgres.url())
    migrate(writer)
    write(writer, list(_records()))
    refresh_views(writer)
    writer.dispose()
    with psycopg.connect(postgres.url(role="zeromile_reader"), autocommit=True) as connection:
        yield connection


def _records():
    first = date(2025, 3, 3)
    for number in range(DAYS):
        vin, day = f"V{number}", first + timedelta(days=number)
        province = ("CN-GD", "CN-ZJ")[number % 2]
        yield document(registration(vin, day.isoformat(), province=province, seller_id="d1"))
        left = (day + timedelta(days=3 + number % 60)).isoformat()
        yield document(export(vin, left, exporter_province=province))
    yield record(change("a1", subject="V3"))
    yield record(change("a1", 1, subject="V3", severity="critical", score=0.9))
    yield record(
        change("p1", subject="CN-GD", subject_type="province", detector="export_spike", labels={})
    )


@pytest.mark.parametrize("query", QUERIES, ids=[query.where for query in QUERIES])
def test_every_query_returns_rows_to_the_reader(reader: psycopg.Connection, query):
    found = reader.execute(expand(query.text, VARIABLES, START, END)).fetchall()
    assert found, query.text
    assert any(value is not None for row in found for value in row)


def test_the_reader_is_read_only_by_default_and_by_its_rights(
    reader: psycopg.Connection, postgres: PostgresCluster
):
    statements = (
        "DELETE FROM alerts",
        "UPDATE alerts SET state = 'resolved'",
        "INSERT INTO alerts SELECT * FROM alerts",
        "CREATE TABLE mine (a int)",
        "TRUNCATE documents",
    )
    for statement in statements:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.execute(statement)
    url = postgres.url(role="zeromile_reader")
    with psycopg.connect(url, autocommit=True) as insistent:
        insistent.execute("SET default_transaction_read_only = off")
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                insistent.execute(statement)


def test_a_variable_cannot_break_out_of_its_quotes(reader: psycopg.Connection):
    query = next(q for q in QUERIES if "Timeline" in q.where)
    variables = VARIABLES | {"vin": ["x') OR 1=1 --"]}
    assert reader.execute(expand(query.text, variables, START, END)).fetchall() == []


def test_retail_without_the_exported_cars(reader: psycopg.Connection):
    registered, within_30, within_180, low, high = reader.execute(
        "SELECT sum(registered), sum(exported_within_30_days), sum(exported_within_180_days), "
        "sum(adjusted_low), sum(adjusted_high) FROM adjusted_retail"
    ).fetchone()
    expected = sum(3 + number % 60 <= 30 for number in range(DAYS))
    assert (registered, within_30, within_180) == (DAYS, expected, DAYS)
    assert (low, high) == (0, DAYS - expected)


def test_rebate_exposure_is_a_range(reader: psycopg.Connection):
    low, high = reader.execute("SELECT sum(low_cny), sum(high_cny) FROM rebate_exposure").fetchone()
    early = sum(3 + number % 60 <= 30 for number in range(DAYS))
    assert low == pytest.approx(early * 113_000 / 1.13 * 0.13)
    assert high == pytest.approx(DAYS * 113_000 / 1.13 * 0.13)


def test_turnover_counted_twice(reader: psycopg.Connection):
    first, again = reader.execute(
        "SELECT sum(double_counted_cny), sum(declared_cny) FROM double_counted_turnover"
    ).fetchone()
    assert (first, again) == (DAYS * 113_000, DAYS * 98_000)
