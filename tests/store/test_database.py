"""Opening a database: migrations from nothing, several at once, and readable refusals."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from streams.cli import app
from streams.store.database import migrate, open_database
from streams.store.document_rows import DOCUMENT_COLUMNS
from streams.store.errors import StoreError
from streams.store.records import TableRows
from streams.store.rows import rows_of
from streams.store.writing import write
from tests.store.changes import change, document, export, record, registration


def test_migrating_twice_keeps_everything(store: sa.Engine):
    write(store, [record(change())])
    migrate(store)
    with store.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM alerts")).scalar_one() == 1
        version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
    assert version == "0012"


def test_several_may_migrate_at_once(postgres):
    url = postgres.url(postgres.new_database())
    failures: list[Exception] = []

    def one() -> None:
        engine = open_database(url)
        try:
            migrate(engine)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure
            failures.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_rows_have_exactly_the_columns_of_their_tables(store: sa.Engine):
    rows: TableRows = rows_of([
        record(change()), record(b"{"), document(registration("V1", "2025-06-17")),
        document(export("V1", "2025-06-18")),
    ])  # fmt: skip
    inspector = sa.inspect(store)
    assert len({row.columns for row in rows.documents}) == 2
    assert all(len(row.columns) == len(row.values) for row in rows.documents)
    for table, made in (
        ("alerts", rows.changes),
        ("alert_history", rows.changes),
        ("alert_evidence", rows.evidence),
        ("documents", [DOCUMENT_COLUMNS]),
        ("refused_records", rows.refused),
    ):
        columns = {column["name"] for column in inspector.get_columns(table)}
        columns -= {"stored_at", "document_vin", "words"}
        for row in made:
            assert set(row) == columns, table


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "cannot be read; allowed: postgresql://"),
        ("mysql://user:hidden@h/d", "'mysql://user:***@h/d'; allowed: postgresql://"),
        ("sqlite://", "allowed: postgresql://"),
        (
            "sqlite:////not/there/store.sqlite",
            "the folder /not/there of the SQLite file does not exist",
        ),
    ],
)
def test_a_wrong_url_is_refused_with_what_is_allowed(url: str, said: str):
    with pytest.raises(StoreError) as caught:
        open_database(url)
    assert said in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    "command", ["quality", "desk", "desk tokens", "log check", "pack export --vin X --out {}"]
)
def test_whoever_only_reads_makes_no_database_of_a_mistyped_name(command: str, tmp_path: Path):
    name, *rest = command.format(tmp_path / "pack").split()
    url = f"sqlite:///{tmp_path / 'mistyped.sqlite'}"
    done = CliRunner().invoke(app, [name, *rest, "--url", url])
    assert done.exit_code == 2
    assert "there is no database" in done.output
    assert "zeromile sink" in done.output
    assert not list(tmp_path.iterdir())


def test_a_database_that_does_not_answer_is_one_readable_line():
    engine = open_database("postgresql://user:hidden@127.0.0.1:1/d")
    with pytest.raises(StoreError, match="cannot be used"):
        migrate(engine)
    engine.dispose()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path):
    path = tmp_path / "file"
    path.write_text("this is not a database, it only lies where one should be" * 50, "utf-8")
    engine = open_database(f"sqlite:///{path}")
    with pytest.raises((StoreError, sa.exc.DatabaseError)):
        migrate(engine)
    engine.dispose()


def test_a_database_of_a_later_program_is_refused_in_one_line(store: sa.Engine):
    with store.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="does not know"):
        migrate(store)


def test_a_database_that_cannot_be_written_is_refused_in_one_line(postgres):
    name = postgres.new_database()
    owner = open_database(postgres.url(name))
    with owner.begin() as connection:
        connection.execute(sa.text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    owner.dispose()
    engine = open_database(postgres.url(name))
    with pytest.raises(StoreError, match="cannot be used"):
        migrate(engine)
    engine.dispose()
