"""The store keeps what it was given: bytes, keys, headers, places, every revision; and logs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from detectors.identities import IdentityKey
from streams.evidence import tree
from streams.store.database import migrate, open_database
from streams.store.log import entry_of, tiles_of
from streams.store.retention import prune
from streams.store.writing import write
from tests.store.changes import change, document, export, record, records, registration
from tests.store.test_retention import NOW, OLD

ROOT = Path(__file__).parents[2]


def rows(engine: sa.Engine, query: str):
    with engine.connect() as connection:
        return connection.execute(sa.text(query)).all()


def is_sound(engine: sa.Engine) -> int:
    """Every kept record is its leaf, at its place, under the root; returns the log's size."""
    with engine.connect() as connection:
        size = connection.execute(sa.text("SELECT size FROM log_head")).scalar_one()
        read = tiles_of(connection)
        root = tree.root(read, size)
        kept = connection.execute(sa.text("SELECT * FROM received_records ORDER BY leaf_index")).all()
        for row in kept:
            leaf = entry_of(row).leaf()
            path = tree.inclusion_proof(read, row.leaf_index, size)
            assert tree.root_from_inclusion(row.leaf_index, size, leaf, path) == root
    assert len({row.leaf_index for row in kept}) == len(kept)
    return size


def test_a_document_is_kept_as_it_came(store: sa.Engine):
    raw = b'{ "extra": "\xe4\xb8\xad", ' + json.dumps(export("V1", "2025-06-20")).encode()[1:]
    came = document(raw, 7)._replace(
        topic="zeromile.customs-exports.v1", partition=3, key=b"V1",
        headers=(("feed", b"\x00\xff"), ("empty", None)), timestamp=1_767_225_600_123,
    )  # fmt: skip
    write(store, [came])

    (kept,) = rows(store, "SELECT * FROM received_records")
    assert (bytes(kept.value), bytes(kept.key)) == (raw, b"V1")
    assert json.loads(kept.headers) == [["feed", "AP8="], ["empty", None]]
    assert (kept.kafka_partition, kept.kafka_offset, kept.kafka_timestamp) == (3, 7, 1_767_225_600_123)
    assert (kept.belongs_to, kept.source, kept.event_id, kept.concealed) == (
        "V1", "customs", "V1-2025-06-20-export", False,
    )  # fmt: skip
    assert is_sound(store) == 1


def test_every_field_of_a_document_has_its_column(store: sa.Engine):
    first = registration(
        "V1", "2025-06-17", seller_id="d1", invoice_no="I1", plate="粤A12345", use="private",
        odometer_status="read", odometer_km=3, recorded_at="2025-06-18T01:00:00+08:00",
    )  # fmt: skip
    second = export(
        "V1", "2025-06-20", licence_no="L1", licence_applied_at="2025-06-18", exited_at="2025-06-22",
        exit_customs="Khorgos", manufacturer_letter=False, hs_code="8703", trade_mode="0110",
        source_province="CN-ZJ", odometer_km="twelve",
    )  # fmt: skip
    write(store, [document(first), document(second, 1)])

    (row,) = rows(store, "SELECT * FROM documents WHERE event_type = 'registration'")
    assert (row.seller_id, row.invoice_no, row.plate, row.use) == ("d1", "I1", "粤A12345", "private")
    assert row.recorded_at == "2025-06-18T01:00:00+08:00"
    assert str(row.occurred_week) == "2025-06-16"
    (row,) = rows(store, "SELECT * FROM documents WHERE event_type = 'customs_export'")
    assert (row.declaration_no, row.licence_no, row.exit_customs) == ("D-V1", "L1", "Khorgos")
    assert (str(row.licence_applied_on), str(row.exited_on)) == ("2025-06-18", "2025-06-22")
    assert (row.exporter_province, row.source_province) == ("CN-GD", "CN-ZJ")
    assert row.manufacturer_letter in (False, 0)
    assert (row.odometer_km, row.date_precision) == (None, "day")
    assert json.loads(row.dropped) == {"odometer_km": "'twelve'"}


def test_redelivery_amendment_and_withdrawal_appear_as_they_happened(store: sa.Engine):
    first = registration("V1", "2025-06-17")
    lives = [
        first,
        first | {"revision": 1, "price_cny": 9},
        first,
        first | {"revision": 2, "status": "void"},
    ]
    batch = [document(value, offset) for offset, value in enumerate(lives)]
    write(store, batch)
    write(store, batch[2:])  # read again after a crash: nothing came anew

    found = rows(
        store, "SELECT revision, kafka_offset, counts FROM document_revisions ORDER BY leaf_index"
    )
    assert [(r.revision, r.kafka_offset, bool(r.counts)) for r in found] == [
        (0, 0, False), (1, 1, False), (0, 2, False), (2, 3, True),
    ]  # fmt: skip
    assert is_sound(store) == 4


def test_with_a_key_no_clear_id_is_kept_in_any_form(store: sa.Engine):
    key = IdentityKey("a secret of sixteen")
    value = registration("V1", "2025-06-17", owner_id="clear-owner", seller_id="clear-seller",
                         owner_name="clear-name", seller_group=["clear-group"])  # fmt: skip
    came = [
        document(value)._replace(headers=(("owner", b"clear-header"),)),
        document(export("V1", "2025-06-20", exporter_id="clear-exporter"), 1),
    ]
    write(store, came, key)
    write(store, came, key)

    for table in sa.inspect(store).get_table_names():
        assert "clear" not in str(
            [tuple(map(_text, row)) for row in rows(store, f"SELECT * FROM {table}")]
        )
    kept = rows(store, "SELECT * FROM received_records ORDER BY leaf_index")
    assert json.loads(bytes(kept[0].value))["owner_id"] == key.digest("clear-owner")
    assert json.loads(bytes(kept[0].value))["price_cny"] == 113000
    assert all(row.concealed for row in kept)
    assert is_sound(store) == 2


def _text(value: object) -> str:
    return bytes(value).decode("latin1") if isinstance(value, bytes | memoryview) else str(value)


def evidence(vin: str, *event_ids: str):
    return [
        {"source": "registry", "event_id": event_id, "revision": 0, "event_type": "registration",
         "occurred_at": "2025-06-17"} for event_id in event_ids
    ]  # fmt: skip


@pytest.mark.parametrize("alert_first", [True, False])
def test_evidence_knows_its_documents_whichever_comes_first(store: sa.Engine, alert_first: bool):
    alert = record(change("a", subject="V1", evidence=evidence("V1", "V1-2025-06-17", "elsewhere")))
    paper = document(registration("V1", "2025-06-17"))
    other = document(registration("V2", "2025-06-17", event_id="V1-2025-06-17"), 1)
    for one in (alert, other, paper) if alert_first else (other, paper, alert):
        write(store, [one])

    found = rows(store, "SELECT event_id, document_vin FROM current_evidence ORDER BY position")
    assert found == [("V1-2025-06-17", "V1"), ("elsewhere", None)]
    with pytest.raises(sa.exc.IntegrityError), store.begin() as connection:
        connection.execute(sa.text("DELETE FROM documents WHERE vin = 'V1'"))


def test_retention_drops_bodies_and_keeps_leaves(store: sa.Engine):
    old, new = registration("V1", "2023-01-01"), registration("V2", "2025-06-01")
    rests_on = evidence("V1", "V1-2023-01-01")
    write(store, [
        document(old, 0), document(new, 1),
        record(change("gone", detected_at=OLD, subject="V1", evidence=rests_on), 2),
        record(change("gone", 1, detected_at=OLD, state="resolved"), 3),
        record(change("stays", subject="V1", evidence=rests_on), 4),
    ])  # fmt: skip
    before = is_sound(store)
    deleted = prune(store, now=NOW, alert_days=30, document_days=365)

    assert deleted.deleted["received_records"] == 3
    assert rows(store, "SELECT belongs_to FROM received_records ORDER BY 1") == [("V2",), ("stays",)]
    assert is_sound(store) == before == 5
    assert rows(store, "SELECT document_vin FROM alert_evidence") == [(None,)]


def test_two_writers_make_one_log(postgres):
    url = postgres.url(postgres.new_database())
    engine = open_database(url)
    migrate(engine)

    def work(first: int) -> None:
        mine = open_database(url)
        for start in range(first, first + 600, 30):
            batch = [
                document(registration(f"V{n % 50}", "2025-06-17"), n) for n in range(start, start + 30)
            ]
            write(mine, batch + records(*(change(f"a{n}", n) for n in range(3))))
        mine.dispose()

    threads = [threading.Thread(target=work, args=(first,)) for first in (0, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_sound(engine) == 900 + 3, "300 of the documents came to both"
    engine.dispose()


def test_a_transaction_that_fails_leaves_neither_rows_nor_leaves(store: sa.Engine, monkeypatch):
    write(store, [document(registration("V1", "2025-06-17"))])

    def dies(*_: object):
        raise OSError("the machine stops between rows and leaves")

    monkeypatch.setattr(tree, "append", dies)
    with pytest.raises(OSError, match="stops"):
        write(store, [document(registration("V2", "2025-06-17"), 1)])
    monkeypatch.undo()
    assert rows(store, "SELECT vin FROM documents") == [("V1",)]
    write(store, [document(registration("V2", "2025-06-17"), 1)])
    assert is_sound(store) == 2


KILLED = """
import os, signal, sys
from streams.evidence import tree
from streams.store.database import open_database
from streams.store.writing import write
from tests.store.changes import document, registration

engine = open_database(sys.argv[1])
tree.append = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
write(engine, [document(registration("V2", "2025-06-17"), 1)])
"""


def test_killed_between_rows_and_leaves_it_is_as_if_nothing_had_come(url: str, store: sa.Engine):
    write(store, [document(registration("V1", "2025-06-17"))])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, url], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert rows(store, "SELECT vin FROM documents") == [("V1",)]
    assert rows(store, "SELECT belongs_to FROM received_records") == [("V1",)]
    write(store, [document(registration("V2", "2025-06-17"), 1)])
    assert is_sound(store) == 2
    assert len(rows(store, "SELECT vin FROM documents")) == 2
