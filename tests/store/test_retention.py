"""What leaves the store: old and settled, never what fires."""

from __future__ import annotations

from datetime import UTC, date, datetime

import sqlalchemy as sa

from streams.store.retention import prune
from streams.store.writing import write
from tests.store.changes import change, document, export, record, records, registration

NOW = datetime(2026, 6, 1, tzinfo=UTC)
OLD, NEW = "2024-01-01T00:00:00+00:00", "2026-05-31T00:00:00+08:00"


def ids(engine: sa.Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_old_resolved_alerts_leave_with_their_history_and_evidence(store: sa.Engine):
    write(store, records(
        change("fires", detected_at=OLD),
        change("fires", 1, detected_at=OLD),
        change("settled", detected_at=OLD),
        change("settled", 1, detected_at=OLD, state="resolved"),
        change("recent", detected_at=OLD),
        change("recent", 1, detected_at=NEW, state="resolved"),
    ))  # fmt: skip
    deleted = prune(store, now=NOW, alert_days=365, document_days=365)

    assert ids(store, "SELECT alert_id FROM alerts ORDER BY 1") == [("fires",), ("recent",)]
    assert ids(store, "SELECT alert_id, revision FROM alert_history ORDER BY 1") == [
        ("fires", 1),
        ("recent", 1),
    ]
    assert ids(store, "SELECT DISTINCT alert_id, revision FROM alert_evidence ORDER BY 1") == [
        ("fires", 1),
        ("recent", 1),
    ]
    assert (deleted.deleted["alerts"], deleted.deleted["alert_history"]) == (1, 4)
    again = prune(store, now=NOW, alert_days=365, document_days=365)
    assert not any(again.deleted.values())


def test_documents_leave_by_event_time(store: sa.Engine):
    days = ("2023-01-01", "2024-06-01", "2025-06-01")
    write(store, [document(registration(f"V{day}", day)) for day in days])
    prune(store, now=NOW, alert_days=1, document_days=365)

    assert ids(store, "SELECT vin FROM documents ORDER BY 1") == [("V2024-06-01",), ("V2025-06-01",)]


def _kept(engine: sa.Engine) -> list[object]:
    return [vin for (vin,) in ids(engine, "SELECT vin FROM documents ORDER BY vin")]


def test_one_mistyped_year_deletes_nothing(store: sa.Engine):
    days = [*("2026-05-31",) * 20, "2062-05-31"]
    write(store, [document(registration(f"V{n:02d}", day)) for n, day in enumerate(days)])
    pruned = prune(store, now=NOW, alert_days=1, document_days=365)
    assert (len(_kept(store)), pruned.held_back) == (21, 0)


def test_the_feed_furthest_behind_counts(store: sa.Engine):
    ours = (
        registration("V1", "2024-01-01"),
        registration("V2", "2026-01-01"),
        export("V3", "2024-02-01"),
    )
    write(store, [document(one) for one in ours])
    prune(store, now=NOW, alert_days=1, document_days=365)
    assert _kept(store) == ["V1", "V2", "V3"]


def test_many_documents_leave_by_a_persons_word_only(store: sa.Engine):
    old = [document(registration(f"V{n:02d}", "2021-05-31")) for n in range(20)]
    write(store, [*old, document(registration("W", "2026-05-31"))])
    pruned = prune(store, now=NOW, alert_days=1, document_days=365)
    assert (len(_kept(store)), pruned.held_back, pruned.before) == (21, 20, date(2025, 5, 31))
    early = prune(store, now=NOW, alert_days=1, document_days=365, allowed_before=date(2025, 5, 30))
    assert early.held_back == 20
    prune(store, now=NOW, alert_days=1, document_days=365, allowed_before=date(2025, 5, 31))
    assert _kept(store) == ["W"]


def test_a_redelivered_settled_alert_ends_where_it_was(store: sa.Engine):
    life = records(change("a", detected_at=OLD), change("a", 1, detected_at=OLD, state="resolved"))
    write(store, life)
    prune(store, now=NOW, alert_days=365, document_days=365)
    write(store, life)
    prune(store, now=NOW, alert_days=365, document_days=365)

    assert ids(store, "SELECT 1 FROM alerts UNION ALL SELECT 1 FROM alert_history") == []


def test_refused_records_are_kept_for_a_while(store: sa.Engine):
    write(store, [record(b"{", 0)])
    assert (
        prune(store, now=datetime.now(UTC), alert_days=1, document_days=1).deleted["refused_records"]
        == 0
    )
    later = datetime.now(UTC).replace(year=datetime.now(UTC).year + 2)
    assert prune(store, now=later, alert_days=365, document_days=1).deleted["refused_records"] == 1
