"""A port that is taken is one line and a status, before any work."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from kafka.errors import (
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    InvalidTopicError,
    UnknownTopicOrPartitionError,
)
from typer.testing import CliRunner

from streams.cli import app
from streams.cli.service_options import kafka_errors_explained
from streams.kafka.reading import partitions_of
from streams.kafka.topic_admin import Difference, described
from streams.service import diagnosis
from streams.service.ports import PortError, check_port
from streams.service.settings import load_settings


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_free_port_passes_and_stays_free():
    check_port("127.0.0.1", 0, "--web-port")


@pytest.mark.parametrize(("host", "why"), [("127.0.0.1", "in use"), ("203.0.113.1", "assign")])
def test_a_port_that_cannot_be_had_is_told(taken: int, host: str, why: str):
    with pytest.raises(PortError, match=why) as refused:
        check_port(host, taken, "--web-port")
    assert "--web-port" in str(refused.value)


@pytest.mark.parametrize(
    "words",
    [
        ["worker", "--web-port", "{port}"],
        ["sink", "--url", "sqlite:///{folder}/s.sqlite", "--metrics-port", "{port}"],
    ],
    ids=["worker", "sink"],
)
def test_a_taken_port_is_one_line_and_wrong_use(
    taken: int, words: list[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ZEROMILE_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    ended = CliRunner().invoke(app, [word.format(port=taken, folder=tmp_path) for word in words])
    assert ended.exit_code == 2
    assert len(ended.stderr.splitlines()) == 1
    assert f"cannot listen on 127.0.0.1:{taken}" in ended.stderr
    assert not list(tmp_path.iterdir()), "nothing is made"


def test_missing_topics_are_one_line():
    missing = [Difference(name, "missing", "absent", "12 partitions", "") for name in ("a", "b")]
    other = Difference("c", "partitions", "3", "12", "start a new prefix")
    assert described([*missing, other]) == [
        "topics are missing: a, b; `zeromile topics apply` makes them",
        "c: partitions is 3, should be 12; start a new prefix",
    ]


def test_doctor_does_not_take_a_missing_topic_for_missing_rights():
    def look(*_: Any) -> Any:
        partitions_of(Empty(), "t")  # type: ignore[arg-type] # knows no topic

    assert list(diagnosis._tolerant(look, None, load_settings())) == []  # type: ignore[arg-type] # not asked


@pytest.mark.parametrize(
    ("error", "state", "remedy"),
    [
        (GroupAuthorizationFailedError("g"), "problem", "ACLs"),
        (CoordinatorNotAvailableError("g"), "note", "in a moment"),
        (InvalidTopicError("t"), "problem", "log"),
    ],
    ids=["refused", "not_yet", "other"],
)
def test_doctor_speaks_of_rights_only_where_they_are_refused(error: Exception, state: str, remedy: str):
    def look(*_: Any) -> Any:
        raise error

    (found,) = diagnosis._tolerant(look, None, load_settings())  # type: ignore[arg-type] # not asked
    assert found.state == state
    assert remedy in found.remedy


class Empty:
    def partitions_for_topic(self, _: str) -> None:
        return None


def test_a_command_names_the_missing_topic_once(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(Exception, match="3"), kafka_errors_explained(load_settings()):
        raise UnknownTopicOrPartitionError("there is no topic t")
    told = capsys.readouterr().err
    assert "there is no topic t; `zeromile topics apply` makes what is missing" in told
    assert "UnknownTopic" not in told
