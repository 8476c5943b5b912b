"""The peers as programs to start: what they need, and their command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from tests.benchmarks.environments import jars_of, program, python_with
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


def _flink_command(job: Job) -> list[str]:
    java = program("java")
    jars = jars_of("flink", PEERS / "flink" / "pom.xml")
    sql = job.directory / "two_rules.sql"
    values = {
        "SERVERS": job.servers,
        "TOPICS": ";".join(job.topics),
        "ALERTS": job.alerts,
        "DIRECTORY": str(job.directory / "checkpoints"),
        "LATEST_DAYS": str(LATEST_DAYS),
    }
    sql.write_text(
        Template((PEERS / "flink" / "two_rules.sql").read_text("utf-8")).substitute(values), "utf-8"
    )
    opened = ["java.util", "java.lang", "java.net", "java.nio", "java.time", "java.util.concurrent"]
    opens = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in opened]
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
    source = str(PEERS / "flink" / "RunSql.java")
    return [java, "-Xmx1g", quiet, *opens, "-cp", f"{jars}/*", source, str(sql)]


def _flink_version() -> str:
    found = re.search(r"<flink.version>([^<]+)<", (PEERS / "flink" / "pom.xml").read_text("utf-8"))
    assert found, "pom.xml names no flink.version"
    return found[1]


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
    Peer(
        "Flink SQL", _flink_version(), _flink_command,
        "two MATCH_RECOGNIZE patterns in one local JVM, parallelism 1, heap state that WITHIN bounds "
        "to the window, checkpoints every 10 s", ends=True,
    ),
)  # fmt: skip
