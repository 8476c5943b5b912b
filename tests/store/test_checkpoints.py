"""The log in the database against checkpoints that others keep: cut, forked, rewritten is found."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from streams.evidence.checkpoint import CheckpointError
from streams.evidence.ssh_signature import SigningKey
from streams.evidence.tree import TreeError
from streams.store.checking import check_log
from streams.store.checkpoints import make_checkpoint
from streams.store.database import migrate, open_database
from streams.store.writing import write
from tests.store.changes import document, registration

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "log-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    return SigningKey.read(path)


def fill(engine: sa.Engine, first: int, last: int, price: int = 9) -> None:
    write(engine, [
        document(registration(f"V{n}", "2025-06-17", price_cny=price), n) for n in range(first, last)
    ])  # fmt: skip


def check(engine: sa.Engine, outside=None):
    with engine.connect() as connection:
        return check_log(connection, outside).state


def test_a_log_that_grows_agrees_with_every_checkpoint(store: sa.Engine, key, tmp_path):
    assert make_checkpoint(store, key, NOW) is None, "nothing to sign yet"
    fill(store, 0, 300)
    first = make_checkpoint(store, key, NOW)
    assert make_checkpoint(store, key, NOW) is None, "nothing has come since"
    fill(store, 300, 700)
    second = make_checkpoint(store, key, NOW)

    assert (first.state.size, second.state.size) == (300, 700)
    assert check(store, first.state).root == check(store, second.state).root == second.state.root
    first.write(tmp_path)
    second.write(tmp_path)
    assert (tmp_path / "checkpoint").read_text("utf-8") == second.note


def test_a_cut_log_a_fork_and_a_rewritten_record_are_found(store: sa.Engine, key, tmp_path):
    fill(store, 0, 300)
    kept = make_checkpoint(store, key, NOW).state

    other = open_database(f"sqlite:///{tmp_path / 'fork'}")
    migrate(other)
    with store.connect() as connection:
        origin = connection.execute(sa.text("SELECT origin FROM log_head")).scalar_one()
    with other.begin() as connection:
        connection.execute(sa.text("UPDATE log_head SET origin = :origin"), {"origin": origin})
    fill(other, 0, 200)
    with pytest.raises(CheckpointError, match="has been cut: it has 200 leaves, and had 300"):
        check(other, kept)
    fill(other, 200, 300, price=10)
    with pytest.raises(CheckpointError, match="has been forked"):
        check(other, kept)
    other.dispose()

    for column, value in (("value", b"{}"), ("kafka_timestamp", 1), ("kafka_offset", 10**6)):
        with store.begin() as connection:
            before = connection.execute(
                sa.text(f"SELECT {column} FROM received_records WHERE leaf_index = 7")
            ).scalar_one()
            change = sa.text(f"UPDATE received_records SET {column} = :value WHERE leaf_index = 7")
            connection.execute(change, {"value": value})
        with pytest.raises(CheckpointError, match="the record at place 7"):
            check(store, kept)
        with store.begin() as connection:
            connection.execute(change, {"value": before})
    check(store, kept)


def test_missing_hashes_are_found(store: sa.Engine):
    fill(store, 0, 300)
    with store.begin() as connection:
        connection.execute(sa.text("DELETE FROM log_tiles WHERE level = 0 AND number = 1"))
    with pytest.raises(TreeError, match="has been cut"):
        check(store)
