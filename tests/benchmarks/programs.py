"""The peers as programs to start: what they need, and their command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from tests.benchmarks.environments import classes_of, jars_of, program, python_with
from tests.benchmarks.two_rule_stream import LATEST_DAYS

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True, slots=True)
class Job:
    """Where a program reads, and where it writes its alerts."""

    servers: str
    topics: Sequence[str]
    alerts: str
    partitions: int
    directory: Path
    """For the program's own state, empty."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program that does the two-rule job.

    Parameters
    ----------
    name
        For people.
    version
        Of the library that it is written with.
    command
        Installs what is missing and gives the command line for a job; raises
        `PeerUnavailableError` where it cannot be installed.
    about
        How it is set up, for the report.
    ends
        Whether it ends by itself where the topics end.
    """

    name: str
    version: str
    command: Callable[[Job], list[str]]
    about: str
    ends: bool = False


def _python_peer(
    name: str, file: str, requirements: Sequence[str], about: str, *, ends: bool = False
) -> Peer:
    def command(job: Job) -> list[str]:
        python = python_with(file.removesuffix("_app.py"), requirements)
        topics = ",".join(job.topics)
        where = [job.servers, topics, job.alerts, str(job.partitions), str(job.directory)]
        return [str(python), "-W", "ignore", str(PEERS / file), *where]

    return Peer(name, requirements[0].partition("==")[2], command, about, ends)


FLINK, KAFKA_STREAMS = PEERS / "flink", PEERS / "kafka_streams"
SHARED_JAVA = (PEERS / "java" / "Document.java", PEERS / "java" / "Vehicle.java")
"""What the peers in Java share: a document as the rules read it, and a vehicle with the rules."""


def _java(jars: Path, main: Sequence[str], classes: Path | None = None) -> list[str]:
    """Command line of a Java program of a directory of jars."""
    opened = ["java.util", "java.lang", "java.net", "java.nio", "java.time", "java.util.concurrent"]
    opens = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in opened]
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
    path = f"{jars}/*" if classes is None else f"{classes}:{jars}/*"
    return [program("java"), "-Xmx1g", quiet, *opens, "-cp", path, *main]


def _java_peer(
    name: str, version: str, home: Path, main: str, about: str, *more: str, ends: bool = False
) -> Peer:
    def command(job: Job) -> list[str]:
        jars = jars_of(home.name, home / "pom.xml")
        classes = classes_of(f"{home.name}-classes", jars, [*SHARED_JAVA, home / f"{main}.java"])
        where = [job.servers, ",".join(job.topics), job.alerts, str(job.directory)]
        return _java(jars, [main, *where, *more], classes)

    return Peer(name, version, command, about, ends)


def _flink_sql_command(job: Job) -> list[str]:
    jars = jars_of(FLINK.name, FLINK / "pom.xml")
    sql = job.directory / "two_rules.sql"
    values = {
        "SERVERS": job.servers,
        "TOPICS": ";".join(job.topics),
        "ALERTS": job.alerts,
        "DIRECTORY": str(job.directory / "checkpoints"),
        "LATEST_DAYS": str(LATEST_DAYS),
    }
    sql.write_text(Template((FLINK / "two_rules.sql").read_text("utf-8")).substitute(values), "utf-8")
    return _java(jars, [str(FLINK / "RunSql.java"), str(sql)])


def _version_in(pom: Path, name: str) -> str:
    found = re.search(f"<{name}.version>([^<]+)<", pom.read_text("utf-8"))
    assert found, f"{pom} names no {name}.version"
    return found[1]


FLINK_VERSION = _version_in(FLINK / "pom.xml", "flink")
KAFKA_STREAMS_VERSION = _version_in(KAFKA_STREAMS / "pom.xml", "kafka")

ALL_PEERS = (
    _python_peer(
        "stock Faust", "faust_app.py",
        ["faust-streaming==0.15.3", "mode-streaming==0.7.1", "aiokafka[lz4]==0.14.0", "orjson==3.11.4"],
        "agent and Table by VIN in memory with its changelog",
    ),
    _python_peer(
        "Quix Streams", "quix_app.py", ["quixstreams==3.28.1"],
        "stateful apply on the concatenated topics, RocksDB with its changelog",
    ),
    _python_peer(
        "Bytewax", "bytewax_app.py", ["bytewax[kafka]==0.21.1", "orjson==3.11.4"],
        "stateful_flat_map by VIN, recovery snapshots every 10 s and at the end of the topics",
        ends=True,
    ),
    _java_peer(
        "Kafka Streams", KAFKA_STREAMS_VERSION, KAFKA_STREAMS, "KafkaStreamsPeer",
        "one processor, one thread, RocksDB behind a cache of 64 MiB with its changelog, at least "
        "once, a commit every 10 s",
        "bare",
    ),
    _java_peer(
        "Kafka Streams, whole documents", KAFKA_STREAMS_VERSION, KAFKA_STREAMS, "KafkaStreamsPeer",
        "the same with the documents as received in its state and in its alerts, exactly once, a "
        "commit every second",
        "whole",
    ),
    _java_peer(
        "Flink DataStream", FLINK_VERSION, FLINK, "DataStreamPeer",
        "a keyed function in one local JVM, parallelism 1, heap state, checkpoints every 10 s",
        ends=True,
    ),
    Peer(
        "Flink SQL", FLINK_VERSION, _flink_sql_command,
        "two MATCH_RECOGNIZE patterns in one local JVM, parallelism 1, heap state that WITHIN bounds "
        "to the window, checkpoints every 10 s", ends=True,
    ),
)  # fmt: skip
