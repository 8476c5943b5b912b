"""A store of the version before, with its data, becomes one of this version and loses nothing."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from streams.desk.asking import alerts_asked
from streams.desk.questions import AlertQuestion
from streams.setup.clock import utc_now
from streams.store.database import migrate, open_database
from streams.store.refreshing import refresh_views
from streams.store.writing import write
from tests.store.changes import change, document, export, record, registration

# Rows as the version before wrote them, by its own statements.
DOCUMENTS = [
    ("V1", "registry", "V1-2025-06-17", 0, "ab" * 16, "valid", "registration", "2025-06-17",
     "2025-06-17", "2025-06-01", 739419, "initial", "CN-GD", "Neta", None, "bev", "o1", "company",
     113000.0, None, None, None, "zeromile.registrations.v1", 2, 5),
    ("V1", "customs", "V1-2025-06-20-export", 1, "cd" * 16, "valid", "customs_export", "2025-06-20",
     "2025-06-20", "2025-06-01", 739422, "used", "CN-GD", "Neta", None, "bev", None, None,
     98000.0, "e1", "KG", 12.0, None, None, 7),
]  # fmt: skip
DOCUMENT_COLUMNS = (
    "vin, source, event_id, revision, content_digest, status, event_type, occurred_at, occurred_on, "
    "occurred_month, civil_day, kind, province, brand, model, fuel, owner_id, owner_type, price_cny, "
    "exporter_id, destination, odometer_km, kafka_topic, kafka_partition, kafka_offset"
)
ALERT = (
    "a1", 3, "firing", "new_evidence", "double_sale", 1, None, "vehicle", "V1", "high", 3, 0.6,
    "2025-06-20",
    "2025-06-20", "2025-06-01", 739422, "2026-01-02T03:04:05+00:00", "Same-week double sale",
    "Sold twice.",
    '{"days_between": 3}', "{}", "CN-GD", "Neta", None, False, None, None, None, "0123",
)  # fmt: skip
ALERT_COLUMNS = (
    "alert_id, revision, state, cause, detector, detector_version, model_id, subject_type, subject, "
    "severity, severity_rank, score, occurred_at, occurred_on, occurred_month, civil_day, detected_at, "
    "title, explanation, facts, labels, province, brand, destination, shadow, "
    "kafka_topic, kafka_partition, kafka_offset, policy_id"
)
EVIDENCE = [
    ("a1", 3, 0, "registry", "V1-2025-06-17", 0, "registration", "2025-06-17", None, None, None),
    (
        "a1",
        3,
        1,
        "customs",
        "V1-2025-06-20-export",
        1,
        "customs_export",
        "2025-06-20",
        None,
        None,
        None,
    ),
    ("a1", 3, 2, "registry", "not kept", 0, "registration", "2025-06-17", None, None, None),
]
EVIDENCE_COLUMNS = (
    "alert_id, revision, position, source, event_id, event_revision, event_type, occurred_at, "
    "kafka_topic, kafka_partition, kafka_offset"
)


def _upgrade_to(engine: sa.Engine, version: str) -> None:
    with engine.begin() as connection:
        configuration = Config()
        configuration.set_main_option("script_location", "streams.store:migrations")
        configuration.set_main_option("path_separator", "os")
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, version)


def _insert(engine: sa.Engine, table: str, columns: str, rows) -> None:
    names = columns.split(", ")
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(f':{n}' for n in names)})"),
            [dict(zip(names, row, strict=True)) for row in rows],
        )


@pytest.fixture
def old(url: str):
    engine = open_database(url)
    _upgrade_to(engine, "0004")
    _insert(engine, "documents", DOCUMENT_COLUMNS, DOCUMENTS)
    _insert(engine, "alert_history", ALERT_COLUMNS, [ALERT])
    _insert(engine, "alerts", ALERT_COLUMNS, [ALERT])
    _insert(engine, "alert_evidence", EVIDENCE_COLUMNS, EVIDENCE)
    yield engine
    engine.dispose()


def _rows(engine: sa.Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_everything_is_there_afterwards_and_linked(old: sa.Engine):
    tables = {
        "documents": DOCUMENT_COLUMNS,
        "alerts": ALERT_COLUMNS,
        "alert_history": ALERT_COLUMNS,
        "alert_evidence": EVIDENCE_COLUMNS,
    }
    before = {
        table: _rows(old, f"SELECT {names} FROM {table} ORDER BY 1, 2, 3")
        for table, names in tables.items()
    }
    migrate(old)

    for table, names in tables.items():
        assert _rows(old, f"SELECT {names} FROM {table} ORDER BY 1, 2, 3") == before[table], table
    assert _rows(old, "SELECT document_vin FROM alert_evidence ORDER BY position") == [
        ("V1",), ("V1",), (None,),
    ]  # fmt: skip
    assert {str(row[0]) for row in _rows(old, "SELECT occurred_week FROM documents")} == {"2025-06-16"}
    assert _rows(old, "SELECT policy_id FROM firing_alerts") == [("0123",)], "views know all columns"
    with old.connect() as connection:
        found = alerts_asked(connection, AlertQuestion(text="double twice v1"), utc_now())
    assert [alert.alert_id for alert in found.alerts] == ["a1"], "words of old alerts are looked for"
    assert _rows(old, "SELECT size FROM log_head") == [(0,)], "what was not received is in no log"


def test_what_comes_again_is_kept_and_logged(old: sa.Engine):
    migrate(old)
    write(old, [
        document(registration("V1", "2025-06-17", seller_id="d1", revision=1)),
        document(export("V1", "2025-06-20", revision=1), 1), record(change("a1", 3, subject="V1"), 2),
    ])  # fmt: skip
    refresh_views(old)

    assert _rows(old, "SELECT revision, seller_id FROM documents WHERE source = 'registry'") == [
        (1, "d1")
    ]
    assert _rows(old, "SELECT COUNT(*) FROM alert_history") == [(1,)]
    assert _rows(old, "SELECT COUNT(*) FROM received_records") == [(3,)]
    assert _rows(old, "SELECT days_to_export FROM vehicle_retail") == [(3,)]
