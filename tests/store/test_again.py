"""What a database refused is kept, whatever it is, and stored once the database takes it."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from typer.testing import CliRunner

from detectors.identities import IdentityKey
from streams.cli import app
from streams.store.again import store_again
from streams.store.writing import lasts, write
from tests.store.changes import change, document, records, registration

SECRET = "a secret of sixteen letters and more"  # noqa: S105 - a test's
# Written by hand into a schema, as somebody once did.
BREAK = {
    "sqlite": """
        CREATE TRIGGER of_hand BEFORE INSERT ON documents WHEN NEW.brand = 'Neta'
        BEGIN SELECT RAISE(ABORT, 'no Neta here'); END""",
    "postgresql": "ALTER TABLE documents ADD CONSTRAINT of_hand CHECK (brand <> 'Neta')",
}
BREAK_ALERTS = {
    "sqlite": """
        CREATE TRIGGER of_hand_too BEFORE INSERT ON alerts WHEN NEW.alert_id = 'b'
        BEGIN SELECT RAISE(ABORT, 'no b here'); END""",
    "postgresql": "ALTER TABLE alerts ADD CONSTRAINT of_hand_too CHECK (alert_id <> 'b')",
}
MEND = {
    "sqlite": ["DROP TRIGGER of_hand", "DROP TRIGGER of_hand_too"],
    "postgresql": [
        "ALTER TABLE documents DROP CONSTRAINT of_hand",
        "ALTER TABLE alerts DROP CONSTRAINT of_hand_too",
    ],
}  # fmt: skip


def _run(store: sa.Engine, *statements: str) -> None:
    with store.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def _rows(store: sa.Engine, query: str) -> list[tuple[object, ...]]:
    with store.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(query))]


@pytest.mark.parametrize("key", [None, IdentityKey(SECRET)], ids=["in clear", "concealed"])
def test_what_was_refused_for_a_schema_changed_by_hand_is_stored_when_it_is_mended(
    store: sa.Engine, key: IdentityKey | None
):
    dialect = store.dialect.name
    sale = registration("V1", "2025-06-17")
    whole = {"key": b"V1", "headers": (("trace", b"\x00\xff"),), "timestamp": 1_750_000_000_000}
    changes = [one._replace(**whole) for one in records(change("a"), change("b"))]
    batch = [*changes, document(sale)._replace(**whole), document({"no": "document"}, 9)]
    _run(store, BREAK[dialect], BREAK_ALERTS[dialect])

    done = write(store, batch, key)
    assert (done.stored, done.refused) == ({"alert": 1, "document": 0}, {"alert": 1, "document": 2})
    kept = _rows(store, "SELECT kind, value_base64 FROM refused_records ORDER BY kind")
    assert [kind for kind, _ in kept] == ["alert", "document"], "what is no document lies elsewhere"
    assert (b'"o1"' in base64.b64decode(str(kept[1][1]))) == (key is None)
    assert store_again(store, concealed=key is not None).refused == {"alert": 1, "document": 1}

    _run(store, *MEND[dialect])
    again = store_again(store, concealed=key is not None)
    assert (again.stored, again.refused) == ({"alert": 1, "document": 1}, {"alert": 0, "document": 0})
    assert _rows(store, "SELECT * FROM refused_records") == []
    assert _rows(store, "SELECT alert_id FROM alerts ORDER BY 1") == [("a",), ("b",)]
    owner = "o1" if key is None else key.digest("o1")
    assert _rows(store, "SELECT vin, owner_id FROM documents") == [("V1", owner)]
    query = "SELECT belongs_to, key, headers, kafka_timestamp FROM received_records ORDER BY 1"
    trace, hidden = '[["trace","AP8="]]', '[["trace",null]]'
    assert [(str(row[0]), bytes(row[1]), *row[2:]) for row in _rows(store, query)] == [  # type: ignore[arg-type]
        ("V1", b"V1", trace if key is None else hidden, 1_750_000_000_000),
        ("a", b"V1", trace, 1_750_000_000_000),
        ("b", b"V1", trace, 1_750_000_000_000),
    ], "a record that is stored again is the record that came, and so is its leaf in the log"
    assert write(store, batch, key).stored == {"alert": 0, "document": 0}


def test_the_command_says_what_it_stored_and_what_is_still_refused(store: sa.Engine, url: str):
    dialect = store.dialect.name
    _run(store, BREAK[dialect], BREAK_ALERTS[dialect])
    write(store, [*records(change("b")), document(registration("V1", "2025-06-17"))])
    still = CliRunner().invoke(app, ["sink", "--url", url, "--again"])
    assert (still.exit_code, "documents: 0 stored" in still.output) == (1, True), still.output
    _run(store, *MEND[dialect])
    done = CliRunner().invoke(app, ["sink", "--url", url, "--again"])
    assert (done.exit_code, "documents: 1 stored" in done.output) == (0, True), done.output
    wrong = CliRunner().invoke(app, ["sink", "--url", url, "--again", "--from-file", __file__])
    assert wrong.exit_code == 2


def test_what_sqlite_will_never_take_does_not_pass_for_an_outage():
    with closing(sqlite3.connect(":memory:")) as connection:
        with pytest.raises(sqlite3.OperationalError) as gone:
            connection.execute("INSERT INTO documents VALUES (1)")
        assert lasts(OperationalError("INSERT", {}, gone.value))
        away = sqlite3.OperationalError("database is locked")
        assert not lasts(OperationalError("INSERT", {}, away))
