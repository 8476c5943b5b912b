"""`zeromile doctor` names the cause of whatever deletes, stops or hides something."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kafka import TopicPartition
from kafka.errors import KafkaConnectionError
from typer.testing import CliRunner

from detectors.watermarks import MOST_SOURCES, Watermarks
from streams.cli import app
from streams.kafka.topic_admin import Difference
from streams.service import diagnosis
from streams.service.diagnosed import Diagnosis
from streams.service.identity_check import IdentityKeyChangedError
from streams.service.layout import names_of
from streams.service.neighbours import Neighbour, Readiness
from streams.service.settings import Settings, load_settings
from streams.service.terms import OtherTermsError
from streams.service.worker_diagnosis import diagnose_workers
from streams.setup.policy import load_policy

STEERING = "\x1b[2J[/B]"


@pytest.fixture
def settings() -> Settings:
    return load_settings(topic_prefix="t", partitions=2)


def _problems(found: Any) -> list[str]:
    return [one.what for one in found if one.state == "problem"]


# -- what workers say of themselves

SAID = {
    "a partition that stands still": (
        Readiness(failing={"1": "stuck at t.registrations.v1, offset 7: too large"}),
        "partition 1 of http://w: stuck at t.registrations.v1, offset 7: too large",
    ),
    "a date that would delete": (Readiness(held_back=4_000), "4,000 vehicles of http://w are older"),
    "a bad record among the counted exports": (
        Readiness(unreadable={"t.province-exports.v1": 2}),
        "2 records of t.province-exports.v1 cannot be read by http://w",
    ),
    "state that is being read": (
        Readiness(assigned=[0, 1], recovered=[0]), "http://w is reading the state of partitions [1]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("cause", SAID)
def test_what_keeps_a_worker_is_told_as_it_says_it(cause: str):
    readiness, expected = SAID[cause]
    (found,) = diagnose_workers([Neighbour("http://w", readiness, answered=True)])
    assert found.what.startswith(expected)
    assert found.remedy


def test_workers_of_one_instance_id_are_named_both():
    one, other = (
        Neighbour(f"http://w{number}", Readiness(instance_id="pod-0"), answered=True)
        for number in (1, 2)
    )
    (found,) = diagnose_workers([one, other])
    assert "http://w1 and http://w2 have one ZEROMILE_INSTANCE_ID, 'pod-0'" in found.what


@pytest.mark.parametrize("answered", [True, False])
def test_a_worker_that_does_not_answer_is_named(answered: bool):
    (found,) = diagnose_workers([Neighbour("http://w", None, answered=answered)])
    assert "http://w" in found.what


# -- what the broker tells


class Broker:
    """Answers as an admin client does."""

    def __init__(self, settings: Settings) -> None:
        self.names = names_of(settings)
        self.documents = [
            TopicPartition(topic, number) for topic in self.names.documents for number in range(2)
        ]
        self.first = dict.fromkeys(self.documents, 0)
        self.ends = {TopicPartition(self.names.vehicles, number): 5 for number in range(2)}
        self.committed = dict.fromkeys(self.documents, 10)
        self.letters = {"EARLIEST": 0, "LATEST": 0}
        self.largest = "1048588"
        self.group = {"group_state": "Stable", "members": [{}], "protocol_data": "faust"}

    def describe_topics(self, asked: Any) -> Any:
        return [{"name": topic, "partitions": [{}, {}]} for topic in asked]

    def list_partition_offsets(self, asked: Any) -> Any:
        known = self.first | self.ends
        for where, spec in asked.items():
            if where.topic == self.names.dead_letters:
                known[where] = self.letters[spec.name]
        return {where: SimpleNamespace(offset=known[where]) for where in asked}

    def list_group_offsets(self, asked: Any) -> Any:
        ((group, _),) = asked.items()
        return {group: {w: SimpleNamespace(offset=o) for w, o in self.committed.items()}}

    def describe_configs(self, asked: Any, config_filter: str) -> Any:
        assert config_filter == "all"
        return {"topic": {one.name: {"max.message.bytes": {"value": self.largest}} for one in asked}}

    def describe_groups(self, asked: Any) -> Any:
        return {asked[0]: self.group}


@pytest.fixture
def broker(settings: Settings) -> Broker:
    return Broker(settings)


def _look(check: Any, broker: Broker, settings: Settings) -> list[Diagnosis]:
    return list(check(broker, settings))


def test_documents_that_were_deleted_unread_are_counted(broker: Broker, settings: Settings):
    assert not _look(diagnosis._state, broker, settings)
    broker.first[broker.documents[0]] = 390
    (found,) = _problems(_look(diagnosis._state, broker, settings))
    assert found.startswith("380 documents were deleted by their topic's retention")


def test_dead_letters_are_counted(broker: Broker, settings: Settings):
    (found,) = _look(diagnosis.diagnose_dead_letters, broker, settings)
    assert (found.state, found.what) == ("ok", "no dead letter")
    broker.letters = {"EARLIEST": 3, "LATEST": 10}
    (found,) = _look(diagnosis.diagnose_dead_letters, broker, settings)
    assert (found.state, found.what) == ("note", "14 records lie in t.dead-letters.v1")


def test_a_changelog_that_is_gone_under_committed_offsets_is_named(broker: Broker, settings: Settings):
    broker.ends[TopicPartition(broker.names.vehicles, 1)] = 0
    (found,) = _problems(_look(diagnosis._state, broker, settings))
    assert found.startswith("the changelog of partition 1 is empty, but the group zeromile has read 30")


def test_a_lowered_limit_is_named_for_each_topic(broker: Broker, settings: Settings):
    assert not _look(diagnosis._sizes, broker, settings)
    broker.largest = "20000"
    found = _problems(_look(diagnosis._sizes, broker, settings))
    assert f"{broker.names.vehicles} takes records of 20,000 bytes at most" in "\n".join(found)


def test_strangers_in_the_group_are_told_from_workers(broker: Broker, settings: Settings):
    assert not _problems(_look(diagnosis._group, broker, settings))
    broker.group["protocol_data"] = "range"
    (found,) = _problems(_look(diagnosis._group, broker, settings))
    assert "no zeromile workers are in the group zeromile" in found
    broker.group |= {"members": [], "group_state": "Empty"}
    assert _problems(_look(diagnosis._group, broker, settings)) == ["no worker is in the group"]


def test_sources_without_end_are_named_by_feed(
    broker: Broker, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    watermarks = Watermarks(load_policy().watermarks)
    for number in range(MOST_SOURCES):
        watermarks.reach("customs_export", f"source-{number}", 739_000)
    monkeypatch.setattr(diagnosis, "read_watermarks", lambda *_: watermarks)
    (found,) = _look(diagnosis._sources, broker, settings)
    assert found.what.startswith("customs_export documents name 1,000 sources")


def test_partitions_that_were_added_are_named(
    broker: Broker, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    added = Difference("t.registrations.v1", "partitions", "3", "2", "keys would move")
    monkeypatch.setattr(diagnosis, "check_topics", lambda *_: [added])
    assert _problems(_look(diagnosis._topics, broker, settings)) == [str(added)]


@pytest.mark.parametrize(
    ("check", "error"),
    [
        ("check_terms", OtherTermsError("2 worker(s) of the group g judge by policy p")),
        ("check_identities", IdentityKeyChangedError("the state has them as digests")),
    ],
)
def test_another_policy_model_or_key_is_named(
    broker: Broker, settings: Settings, monkeypatch: pytest.MonkeyPatch, check: str, error: Exception
):
    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(diagnosis, check, refuse)
    look = {"check_terms": diagnosis._terms, "check_identities": diagnosis._identities}[check]
    assert _problems(_look(look, broker, settings)) == [str(error)]


def test_a_broker_that_is_away_is_named_and_nothing_steers_the_terminal(
    monkeypatch: pytest.MonkeyPatch,
):
    def away(_: Settings) -> None:
        raise KafkaConnectionError(STEERING)

    monkeypatch.setattr(diagnosis, "admin_client", away)
    monkeypatch.setattr(
        diagnosis, "diagnose_configuration", lambda _: [Diagnosis("note", STEERING, STEERING)]
    )
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "no broker answers at" in result.output
    assert "\x1b" not in result.output
    assert r"\x1b[2J[/B]" in result.output
