"""`zeromile doctor` looks into the store, and names what is refused, held back, unread or unstamped."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from kafka import TopicPartition
from kafka.errors import KafkaConnectionError
from typer.testing import CliRunner

from streams.cli import app
from streams.service.settings import load
from streams.store import diagnosis
from streams.store.consumer import topic_kinds
from streams.store.diagnosis import diagnose_store
from streams.store.settings import SinkSettings
from streams.store.writing import write
from tests.store.changes import change, document, records, registration
from tests.store.test_again import BREAK


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: SinkSettings) -> None:
        raise KafkaConnectionError

    monkeypatch.setattr(diagnosis, "admin_client", away)
    monkeypatch.delenv("ZEROMILE_SINK_URL", raising=False)


def _found(url: str | None, state: str = "problem", **settings: object) -> str:
    chosen = load(SinkSettings, sink_url=url, **settings)
    return "\n".join(
        f"{one.what} → {one.remedy}" for one in diagnose_store(chosen) if one.state == state
    )


def test_a_store_that_is_well_is_well(store: sa.Engine, url: str):
    write(store, [*records(change("a")), document(registration("V1", "2025-06-17"))])
    assert "2 records are in its log" in _found(url, "ok")
    assert _found(url) == ""
    assert _found(url, "note") == ""


def test_what_the_database_refused_is_told_with_its_reason(store: sa.Engine, url: str):
    with store.begin() as connection:
        connection.execute(sa.text(BREAK[store.dialect.name]))
    write(store, [document(registration("V1", "2025-06-17")), *records(b"{")])
    assert "1 document record(s) were not stored: the database refuses it: " in _found(url)
    assert "`zeromile sink --again`" in _found(url)
    assert "1 alert record(s) were not stored: record is no alert change" in _found(url, "note")


def test_dates_that_would_delete_the_others_and_missing_stamps_are_told(store: sa.Engine, url: str):
    old = [document(registration(f"V{n}", "2015-01-01"), n) for n in range(40)]
    write(store, [*old, document(registration("V", "2025-06-17"), 99)])
    assert "40 documents are older than they are kept" in _found(url)
    assert "ZEROMILE_SINK_FORGET_BEFORE=2022-" in _found(url)
    assert _found(url, sink_forget_before="2023-01-01") == ""
    with store.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO log_checkpoints (size, checkpoint, signature, made_at, stamp_wanted) "
                "VALUES (1, '', '', '2026-01-02 03:04:05+00:00', TRUE)"
            )
        )
    assert "1 checkpoints of the log wait for a time stamp, the first since 2026-" in _found(
        url, "note"
    )


def test_a_store_that_is_none_or_of_another_program_is_named(
    store: sa.Engine, url: str, tmp_path: Path
):
    assert "no store was looked at" in _found(None, "note")
    assert "there is no database" in _found(f"sqlite:///{tmp_path / 'nowhere'}")
    assert not (tmp_path / "nowhere").exists(), "it is only looked at"
    (tmp_path / "empty").touch()
    assert "is no store yet" in _found(f"sqlite:///{tmp_path / 'empty'}")
    assert "allowed: postgresql://" in _found("mysql://host/database")
    assert "cannot be used" in _found("postgresql://u:secret@127.0.0.1:1/d")
    assert "secret" not in _found("postgresql://u:secret@127.0.0.1:1/d")
    for version, state, said in (
        ("0008", "note", "a schema of an earlier program (0008)"),
        ("9999", "problem", "a schema of a later program (9999)"),
    ):
        with store.begin() as connection:
            connection.execute(sa.text(f"UPDATE alembic_version SET version_num = '{version}'"))
        assert said in _found(url, state)


class _Broker:
    """Ten records on every partition, of which the first are gone, and a group that has read some."""

    def __init__(self, first: int, read: int | None, members: int) -> None:
        self.first, self.read, self.members = first, read, members

    def describe_topics(self, topics: list[str]) -> Any:
        return [{"name": topic, "partitions": [{"partition_index": 0}]} for topic in topics]

    def list_partition_offsets(self, asked: dict[TopicPartition, Any]) -> Any:
        earliest = all(spec.name == "EARLIEST" for spec in asked.values())
        return {where: SimpleNamespace(offset=self.first if earliest else 10) for where in asked}

    def list_group_offsets(self, asked: dict[str, list[TopicPartition]]) -> Any:
        ((group, places),) = asked.items()
        read = {} if self.read is None else {p: SimpleNamespace(offset=self.read) for p in places}
        return {group: read}

    def describe_groups(self, groups: list[str]) -> Any:
        return {groups[0]: {"members": [None] * self.members}}


@pytest.mark.parametrize(
    ("broker", "said"),
    [
        (_Broker(0, 10, 1), "ok: the store reads; 0 records wait"),
        (_Broker(0, 4, 0), "note: no store reads in the group zeromile-sink; 24 records wait"),
        (_Broker(2, None, 0), "note: no store reads in the group zeromile-sink; 32 records wait"),
        (_Broker(7, 4, 1), "problem: 12 records were deleted by their topic's retention before"),
    ],
)
def test_how_far_the_store_has_read_is_told(broker: Any, said: str):
    settings = load(SinkSettings)
    assert len(topic_kinds(settings)) == 4
    found = [f"{one.state}: {one.what}" for one in diagnosis._group(broker, settings)]
    assert any(each.startswith(said) for each in found), found


def test_the_command_looks_into_the_store(tmp_path: Path):
    done = CliRunner().invoke(
        app, ["doctor", "--bootstrap", "127.0.0.1:1"],
        env={"ZEROMILE_SINK_URL": f"sqlite:///{tmp_path / 'nowhere'}"},
    )  # fmt: skip
    assert done.exit_code == 1
    assert "there is no database" in done.output
