"""The store's rule: newest revision wins, nothing is written twice, nothing is lost."""

from __future__ import annotations

import base64
import random
from tempfile import TemporaryDirectory

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.store.database import migrate, open_database
from streams.store.writing import write
from tests.store.changes import change, document, export, record, records, registration


def rows(engine: sa.Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


def test_a_change_is_stored_with_its_history_and_evidence(store: sa.Engine):
    done = write(store, records(change(), change(revision=1, state="resolved", cause="voided")))

    assert done.stored["alert"] == 2
    assert rows(store, "SELECT alert_id, revision, state, province, brand FROM alerts") == [
        ("a1", 1, "resolved", "CN-GD", "Neta")
    ]
    assert rows(store, "SELECT revision, cause FROM alert_history ORDER BY revision") == [
        (0, "new_evidence"),
        (1, "voided"),
    ]
    assert rows(store, "SELECT event_id FROM current_evidence ORDER BY position") == [
        ("a1-1-0",),
        ("a1-1-1",),
    ]


def test_an_older_revision_never_replaces_a_newer_one(store: sa.Engine):
    write(store, records(change(revision=5)))
    done = write(store, records(change(revision=4, severity="low")))

    assert rows(store, "SELECT revision, severity FROM alerts") == [(5, "high")]
    assert done.stored["alert"] == 1, "the late change still belongs into the history"


def test_redelivery_changes_nothing(store: sa.Engine):
    batch = [
        *records(change(), change(revision=1), change("a2")),
        document(registration("V1", "2025-06-17")),
    ]
    write(store, batch)
    before = [
        rows(store, f"SELECT * FROM {t} ORDER BY 1, 2")
        for t in ("alerts", "alert_history", "documents")
    ]
    again = write(store, [*batch, *batch])

    after = [
        rows(store, f"SELECT * FROM {t} ORDER BY 1, 2")
        for t in ("alerts", "alert_history", "documents")
    ]
    assert after == before
    assert again.stored == {"alert": 0, "document": 0}
    assert again.repeated == {"alert": 6, "document": 2}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=st.permutations([(a, r) for a in ("a", "b", "c") for r in range(3)]),
    cuts=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    seed=st.integers(0, 1000),
)
def test_any_order_any_batching_and_repetition_end_the_same(order, cuts, seed):
    with TemporaryDirectory() as folder:
        engine = open_database(f"sqlite:///{folder}/store")
        migrate(engine)
        _write_shuffled(engine, order, cuts, seed)
        alerts = rows(engine, "SELECT alert_id, revision FROM alerts ORDER BY 1")
        counts = rows(
            engine, "SELECT (SELECT count(*) FROM alert_history), (SELECT count(*) FROM alert_evidence)"
        )
        engine.dispose()

    assert alerts == [("a", 2), ("b", 2), ("c", 2)]
    assert counts == [(9, 18)]


def _write_shuffled(engine, order, cuts, seed):
    generator = random.Random(seed)
    changes = [change(a, r) for a, r in order]
    repeated = changes + generator.sample(changes, 4)
    generator.shuffle(repeated)
    while repeated:
        size = generator.choice(cuts)
        write(engine, records(*repeated[:size]))
        del repeated[:size]


BAD = {
    "no JSON": (b"{", "no alert change"),
    "no alert": (b'{"vin": 1}', "no alert change"),
    "tombstone": (b"", "no alert change"),
    "bad UTF-8": (b'{"alert_id": "\xff"}', "no alert change"),
    "negative revision": (change(revision=-1), "field 'revision' is -1; allowed: 0 to 2^63 - 1"),
    "enormous revision": (change(revision=2**70), "revision"),
    "bad day": (change(occurred_at="soon"), "field 'occurred_at' is 'soon'; allowed: an RFC 3339"),
    "no offset": (change(detected_at="2026-01-01T00:00:00"), "field 'detected_at'"),
    "NUL": (change(subject="V\x00"), "U+0000"),
    "NUL in a fact": (change(facts={"a": "\x00"}), "U+0000"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_record_that_is_no_alert_is_kept_aside_and_stops_nothing(store: sa.Engine, name: str):
    value, reason = BAD[name]
    bad = record(value, 1)
    done = write(store, [record(change("before"), 0), bad, record(change("after"), 2)])

    assert (done.stored["alert"], done.refused["alert"]) == (2, 1)
    kept = rows(store, "SELECT reason, kafka_offset, value_base64 FROM refused_records")
    assert len(kept) == 1
    assert kept[0][1] == 1
    assert base64.b64decode(str(kept[0][2])) == bad.value
    assert reason in str(kept[0][0])
    write(store, [bad])
    assert len(rows(store, "SELECT 1 FROM refused_records")) == 1


def test_a_record_that_only_the_database_refuses_is_set_aside_too(postgres):
    engine = open_database(postgres.url(postgres.new_database()))
    migrate(engine)
    too_large = change("large", detector_version=2**40)
    done = write(engine, records(change("a"), change("b"), too_large, change("c")))

    assert (done.stored["alert"], done.refused["alert"]) == (3, 1)
    assert "the database refuses it" in str(rows(engine, "SELECT reason FROM refused_records")[0][0])
    engine.dispose()


def test_documents_keep_their_newest_revision_and_withdrawal(store: sa.Engine):
    first = registration("V1", "2025-06-17")
    amended = first | {"revision": 1, "price_cny": 90000}
    void = first | {"revision": 2, "status": "void"}
    for order in ([void, first, amended], [first, amended], [first]):
        write(store, [document(value, offset) for offset, value in enumerate(order)])

    assert rows(store, "SELECT revision, status FROM documents") == [(2, "void")]
    assert rows(store, "SELECT * FROM vehicle_retail") == []


def test_of_two_contents_under_one_revision_the_same_wins_in_any_order(tmp_path):
    one, other = registration("V1", "2025-06-17"), registration("V1", "2025-06-17", price_cny=5)
    found = []
    for name, order in (("a", [one, other]), ("b", [other, one])):
        engine = open_database(f"sqlite:///{tmp_path / name}")
        migrate(engine)
        for value in order:
            write(engine, [document(value)])
        found.append(rows(engine, "SELECT price_cny, content_digest FROM documents"))
        engine.dispose()
    assert found[0] == found[1]


def test_a_document_that_is_none_is_counted(store: sa.Engine):
    done = write(store, [document(export("V1", "2025-06-17")), document(b"{}", 1)])

    assert done.refused == {"alert": 0, "document": 1}
    assert rows(store, "SELECT count(*) FROM refused_records") == [(0,)]


HOPELESS = {
    "an id too long for an index": {"alert_id": "".join(f"{n:05d}" for n in range(20_000))},
    "a number beyond every column": {"detector_version": 2**70},
}


@pytest.mark.parametrize("name", HOPELESS)
def test_a_record_that_the_database_never_takes_does_not_pass_for_an_outage(
    store: sa.Engine, name: str
):
    bad = change("bad", 1) | HOPELESS[name]
    done = write(store, records(change("a"), bad, change("c")))
    assert done.stored["alert"] + done.refused["alert"] == 3
    assert {row[0] for row in rows(store, "SELECT alert_id FROM alerts")} >= {"a", "c"}


def test_a_text_that_only_looks_like_an_escaped_nul_is_stored(store: sa.Engine):
    done = write(store, [record(change(facts={"brand": r"BYD\u0000"}, explanation=r"a \u0000"), 0)])
    assert (done.stored["alert"], done.refused["alert"]) == (1, 0)
