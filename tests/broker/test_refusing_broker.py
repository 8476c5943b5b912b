"""A broker that is up, has its topics, and takes no record: Docker mounts /tmp without execution.

Its compression library cannot be loaded then, and every write ends with an unknown error.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka.errors import UnknownError
from typer.testing import CliRunner

from streams.cli import app
from streams.kafka.publishing import Outgoing, Publisher
from streams.kafka.reading import committed_reader, partitions_of, read_to_present_end
from streams.kafka.round_trip import RoundTripError, round_trip
from streams.kafka.topic_admin import admin_client, apply_topics
from streams.service.layout import catalogue_of, names_of
from streams.service.settings import Settings, load_settings
from tests.broker.deployment import Deployment, wait_for
from tests.broker.kafka_broker import BrokerUnavailableError, KafkaBroker

pytestmark = pytest.mark.broker
runner = CliRunner()
COMPRESSIBLE = b" " * 1000
"""kafka-python sends uncompressed what compression makes no smaller."""


class RefusingBroker(KafkaBroker):
    """Cannot unpack its compression library: there is no such directory."""

    def _java(self, *arguments: str) -> list[str]:
        program, *rest = super()._java(*arguments)
        return [program, "-DZstdTempFolder=/nonexistent", *rest]


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory, bootstrap_servers: str) -> Iterator[str]:
    try:
        broker = RefusingBroker(tmp_path_factory.mktemp("refusing"))
        broker.start()
    except BrokerUnavailableError as error:
        pytest.skip(str(error))  # the fixture of the broker that works has failed under CI
    yield broker.bootstrap_servers
    broker.remove()


@pytest.fixture
def settings(refusing: str, prefix: str) -> Settings:
    return load_settings(bootstrap_servers=refusing, topic_prefix=prefix, group=prefix, partitions=2)


def test_the_topics_job_says_that_the_broker_takes_no_records(settings: Settings, prefix: str):
    environment = {
        "ZEROMILE_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "ZEROMILE_TOPIC_PREFIX": prefix,
        "ZEROMILE_PARTITIONS": "2",
    }
    done = runner.invoke(app, ["topics", "apply"], env=environment)

    assert done.exit_code == 3, done.output
    assert f"{prefix}.dead-letters.v1: a record could not be written and read" in done.output


def test_the_round_trip_leaves_nothing_to_see(bootstrap_servers: str, prefix: str):
    settings = load_settings(bootstrap_servers=bootstrap_servers, topic_prefix=prefix, partitions=2)
    topic = names_of(settings).dead_letters
    with admin_client(settings) as client:
        apply_topics(client, catalogue_of(settings))

    assert round_trip(settings, topic, f"{prefix}-round-trip") < 30
    assert round_trip(settings, topic, f"{prefix}-round-trip") < 30

    with committed_reader(settings) as consumer:
        assert list(read_to_present_end(consumer, partitions_of(consumer, topic))) == []


def test_the_round_trip_names_what_it_did_not_get(settings: Settings):
    with admin_client(settings) as client:
        apply_topics(client, catalogue_of(settings))
    with pytest.raises(RoundTripError, match="the broker's log says why"):
        round_trip(settings, names_of(settings).dead_letters, "some-round-trip")


def test_the_publisher_says_so_at_the_first_failure(settings: Settings):
    with admin_client(settings) as client:
        apply_topics(client, catalogue_of(settings))
    said: list[str] = []
    publisher = Publisher(settings, said.append)
    topic = names_of(settings).documents[0]

    publisher.publish([Outgoing(topic, b"V1", COMPRESSIBLE, None)])
    wait_for(lambda: said, 30, "nothing was said of a document that was not taken")
    for number in range(50):
        publisher.publish([Outgoing(topic, str(number).encode(), COMPRESSIBLE, None)])
    publisher.close()

    assert said[0].startswith("a document was not taken by the broker: ")
    assert len(said) == 1, "and not of each"
    assert publisher.failed.total() == 51


def test_publish_says_it_before_it_ends(settings: Settings, prefix: str, tmp_path: Path):
    with admin_client(settings) as client:
        apply_topics(client, catalogue_of(settings))
    documents = tmp_path / "documents.jsonl.gz"
    with gzip.open(documents, "wt") as file:
        file.write("no document\n" * 5)
    environment = {
        "ZEROMILE_BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "ZEROMILE_TOPIC_PREFIX": prefix,
    }
    done = runner.invoke(app, ["publish", str(documents)], env=environment)

    assert done.exit_code == 1
    assert UnknownError.__name__ in done.output
    assert "not taken by the broker" in done.output


def test_a_worker_whose_transactions_all_fail_is_not_ready_and_says_little(
    refusing: str, prefix: str, tmp_path: Path
):
    deployment = Deployment(refusing, prefix, tmp_path, partitions=4)
    worker = deployment.start_worker()
    try:
        wait_for(lambda: b'"failing":{"' in worker.get("/readyz")[1].replace(b" ", b""), 60,
                 "the worker did not notice")  # fmt: skip
        status, page = worker.get("/readyz")
        before = worker.metric("zeromile_transaction_failures_total")
        time.sleep(15)
        attempts = worker.metric("zeromile_transaction_failures_total") - before
    finally:
        worker.kill()
    lines = worker.log.read_text("utf-8").splitlines()

    assert status == 503, page
    assert attempts <= 4 * 15 / 5 + 4, "four partitions, each once in five seconds"
    assert not [line for line in lines if "never retrieved" in line]
    assert len(lines) < 100, worker.story()
