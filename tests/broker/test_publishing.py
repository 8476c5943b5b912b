"""`zeromile publish`: where it goes on, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streams.cli import app
from streams.kafka.progress import Progress, ProgressError
from streams.kafka.reading import committed_reader, partitions_of, read_to_present_end
from tests.broker.deployment import COMMAND, Deployment, wait_for

pytestmark = pytest.mark.broker
runner = CliRunner()
LINES = 400


@pytest.fixture
def deployment(bootstrap_servers: str, prefix: str, tmp_path: Path) -> Deployment:
    return Deployment(bootstrap_servers, prefix, tmp_path, partitions=2)


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    path = tmp_path / "documents.jsonl"
    path.write_text("".join(_line(number) for number in range(LINES)), "utf-8")
    return path


def _line(number: int, **changed: object) -> str:
    document = {
        "event_id": f"e{number}", "source": "s", "event_type": "registration", "kind": "initial",
        "vin": f"V{number}", "occurred_at": "2025-01-01",
    }  # fmt: skip
    return json.dumps(document | changed) + "\n"


def _published(deployment: Deployment) -> list[str]:
    with committed_reader(deployment.settings) as consumer:
        where = partitions_of(consumer, deployment.names.documents[0])
        return [json.loads(r.value)["event_id"] for r in read_to_present_end(consumer, where)]


def test_a_stream_that_was_published_is_not_published_again(deployment: Deployment, stream: Path):
    command = ["publish", str(stream), "--progress", str(stream.with_suffix(".progress"))]
    first = runner.invoke(app, command, env=deployment.environment)
    again = runner.invoke(app, command, env=deployment.environment)
    with stream.open("a", encoding="utf-8") as file:
        file.write(_line(LINES))
    other = runner.invoke(app, command, env=deployment.environment)

    assert (first.exit_code, again.exit_code, other.exit_code) == (0, 0, 0), again.output
    assert f"published {LINES} documents" in first.output
    assert f"{LINES} lines have been published before" in again.output
    assert "published 0 documents" in again.output
    assert f"published {LINES + 1} documents" in other.output, "another size is another stream"


def test_what_was_told_to_end_goes_on_where_it_was(deployment: Deployment, stream: Path):
    """As the first process of a container it would not even hear of it."""
    progress = stream.with_suffix(".progress")
    command = ["publish", str(stream), "--rate", "50", "--progress", str(progress)]
    publishing = subprocess.Popen(  # noqa: S603 - our own arguments
        [sys.executable, "-W", "ignore", "-c", COMMAND, *command],
        env=os.environ | deployment.environment,
    )
    try:
        wait_for(progress.exists, 60, "nothing was published")
        publishing.send_signal(signal.SIGTERM)
        status = publishing.wait(timeout=30)
    finally:
        publishing.kill()
    reached = json.loads(progress.read_text("utf-8"))[str(stream)]["line"]
    before = _published(deployment)
    rest = runner.invoke(app, ["publish", str(stream), "--progress", str(progress)],
                         env=deployment.environment)  # fmt: skip

    assert status == 143
    assert len(before) == reached < LINES
    assert rest.exit_code == 0, rest.output
    assert sorted(_published(deployment)) == sorted(f"e{number}" for number in range(LINES))


def test_a_corrected_vin_is_known_from_lines_before(deployment: Deployment, tmp_path: Path):
    stream, progress = tmp_path / "d.jsonl", tmp_path / "progress"
    stream.write_text(_line(0) + _line(0, vin="OTHER", revision=1), "utf-8")
    Progress(progress).reached(stream, 1)
    done = runner.invoke(app, ["publish", str(stream), "--progress", str(progress)],
                         env=deployment.environment)  # fmt: skip

    assert "published 2 documents, 1 of them withdrawals" in done.output


def test_a_file_of_something_else_is_refused(tmp_path: Path):
    path = tmp_path / "progress"
    path.write_text("[]", "utf-8")
    with pytest.raises(ProgressError, match="does not say how far"):
        Progress(path)


def test_standard_input_cannot_be_gone_on_with(tmp_path: Path):
    done = runner.invoke(app, ["publish", "-", "--progress", str(tmp_path / "p")])
    assert done.exit_code == 2
    assert "--progress" in done.output


def test_a_registers_own_rows_are_published_by_its_feed(deployment: Deployment, tmp_path: Path):
    data, feed = tmp_path / "transfers.csv", tmp_path / "mine.toml"
    feed.write_text(FEED, "utf-8")
    data.write_text("vin,day\nV1,2025-01-01\nV2,never\nV3,2025-01-02\n", "utf-8")

    def publish(*words: str) -> Result:
        command = ["publish", str(data), "--feed", str(feed), *words]
        return runner.invoke(app, command, env=deployment.environment)

    of_ukraine = deployment.environment | {"ZEROMILE_COUNTRY": "UA"}
    command = ["publish", str(data), "--feed", str(feed)]
    of_another_country = runner.invoke(app, command, env=of_ukraine)
    done, strict = publish(), publish("--max-dead-letters", "0")

    assert of_another_country.exit_code == 2
    assert "zeromile --country CN" in " ".join(of_another_country.output.split())
    assert (done.exit_code, strict.exit_code) == (0, 1), done.output
    assert "published 2 documents" in done.output
    with committed_reader(deployment.settings) as consumer:
        where = partitions_of(consumer, deployment.names.documents[0])
        found = read_to_present_end(consumer, where)
        keys = [record.key for record in found]
    assert sorted(keys) == [b"V1", b"V1", b"V3", b"V3"], "once by each run"


FEED = """
title = "mine"
source = "mine"
timezone = "Asia/Shanghai"
[container]
kind = "csv"
[columns]
vin = "vin"
day = "day"
[[document]]
type = "registration"
vin = { columns = ["vin"] }
occurred_at = { column = "day", formats = ["iso"] }
kind = { value = "transfer" }
"""
