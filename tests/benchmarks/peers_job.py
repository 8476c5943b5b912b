"""`peers`: the same two-rule job by zeromile, Faust, Quix Streams, Bytewax, Kafka Streams and Flink.

All read the same three topics of the same real Kafka and write alerts to a topic. Each runs once on
a short stream and once on a long one; the difference of both is what the documents cost, without
the program's start. The alerts of every program must be zeromile's own, vehicle by vehicle.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM
from typing import Final

from kafka.admin import NewTopic

from streams.kafka.topic_admin import admin_client
from tests.benchmarks.broker import broker_versions, deployed, fill, running_broker
from tests.benchmarks.environments import PeerUnavailableError
from tests.benchmarks.processes import cpu_seconds
from tests.benchmarks.programs import ALL_PEERS, Job, Peer
from tests.benchmarks.quantities import CPU_A_DOCUMENT, PEAK, PER_CPU_SECOND
from tests.benchmarks.results import Check, Quantity, Report, Rounds, Skipped
from tests.benchmarks.surroundings import look_around
from tests.benchmarks.two_rule_stream import (
    Alerts,
    expected_alerts,
    two_rule_policy,
    two_rule_stream,
)
from tests.benchmarks.watching import PeerFailedError, Taken, Watch, run_peer
from tests.broker.deployment import Deployment, WorkerProcess
from tests.broker.kafka_broker import KafkaBroker

OURS: Final = "zeromile"
START: Final = Quantity("CPU of start and short stream", "s")
BROKER: Final = Quantity("broker's CPU a document", "µs")
WALL: Final = Quantity("wall with start", "s")
SHORTER: Final = 5
"""How many times shorter the short stream is."""
LEAST_CPU: Final = 3.0
"""Seconds of difference below which a figure says more of the machine than of the program."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What is published for one run, and the alerts that have to come of it."""

    name: str
    lines: list[bytes]
    alerts: Alerts


Run = Callable[[Stream], Taken]


@dataclass(slots=True)
class Standings:
    """What the rounds have come to so far."""

    rounds: Rounds = field(default_factory=Rounds)
    failed: dict[str, str] = field(default_factory=dict)
    """Why a program is out."""
    same: dict[str, bool] = field(default_factory=dict)
    """Whether a program's alerts were ours."""
    least: dict[str, float] = field(default_factory=dict)
    """Smallest difference of a program, in seconds."""

    def drop(self, name: str, reason: str) -> None:
        """Take a program out."""
        self.failed[name] = reason
        self.rounds.drop(name)

    def add(self, name: str, runs: tuple[Taken, Taken], streams: list[Stream]) -> None:
        """Note the difference of a long run and a short one."""
        short, long = runs
        agreed = all(t.alerts == s.alerts for t, s in zip(runs, streams, strict=True))
        self.same[name] = self.same.get(name, True) and agreed
        documents = len(streams[1].lines) - len(streams[0].lines)
        cpu = long.cpu_seconds - short.cpu_seconds
        if cpu <= 0:
            self.drop(name, "the long stream took no more than the short one; measure more vehicles")
            return
        self.least[name] = min(cpu, self.least.get(name, cpu))
        broker = (long.broker_cpu_seconds - short.broker_cpu_seconds) / documents * 1e6
        self.rounds.add(
            name,
            {
                PER_CPU_SECOND: documents / cpu,
                CPU_A_DOCUMENT: cpu / documents * 1e6,
                BROKER: broker,
                PEAK: long.peak_mib,
                START: short.cpu_seconds,
                WALL: long.wall_seconds,
            },
        )

    def compared(self) -> dict[str, str]:
        """For each program whose differences are large enough the one beside it."""
        small = {name for name, least in self.least.items() if least < LEAST_CPU}
        return {} if OURS in small else dict.fromkeys(self.least.keys() - small, OURS)


def measure_peers(vehicles: int, seed: int, repetitions: int, partitions: int) -> Report:
    """Run every program on both streams, round by round."""
    standings = Standings()
    with tempfile.TemporaryDirectory() as directory, running_broker() as broker:
        policy = Path(directory) / "two-rules.toml"
        policy.write_text(two_rule_policy(), "utf-8")
        sizes = {"short": vehicles // SHORTER, "long": vehicles}
        streams = [_stream(name, seed, count, policy) for name, count in sizes.items()]
        with _published(broker, streams, partitions) as deployments:
            programs = _programs(broker, deployments, policy, partitions)
            for _ in range(repetitions):
                for name, run in programs.items():
                    _round(name, run, streams, standings)
    settings = {"vehicles": vehicles, "seed": seed, "repetitions": repetitions}
    return _report(standings, streams[1], settings | {"partitions": partitions})


def _round(name: str, run: Run, streams: list[Stream], standings: Standings) -> None:
    if name in standings.failed:
        return
    try:
        short, long = (run(stream) for stream in streams)
    except (PeerUnavailableError, PeerFailedError) as error:
        standings.drop(name, str(error))
        return
    standings.add(name, (short, long), streams)


def _report(standings: Standings, stream: Stream, settings: dict[str, int]) -> Report:
    versions = {peer.name: peer.version for peer in ALL_PEERS}
    return Report(
        benchmark="peers",
        title=f"Two rules on {len(stream.lines):,} documents from Kafka, {len(stream.alerts):,} alerts",
        headline=PER_CPU_SECOND.name,
        settings={**settings},
        surroundings=look_around(**broker_versions(), **versions),
        rows=standings.rounds.rows(beside=standings.compared()),
        skipped=[Skipped(name, reason) for name, reason in standings.failed.items()],
        checks=[
            Check(f"{name} raises the alerts of `zeromile replay`, vehicle by vehicle", held)
            for name, held in standings.same.items()
        ],
        notes=[
            "CPU: from the program's start to its orderly end, which it is asked for when all its "
            f"alerts can be read, less the same on 1/{SHORTER} of the stream; wall: of the whole, to "
            "the last alert. One process each; the Python programs with the same thresholds of the "
            "garbage collector and orjson. zeromile keeps whole histories, evidence and exactly-once "
            "output meanwhile; the peers what the rules read, unless they say otherwise.",
            *_too_small(standings),
            *(f"{peer.name}: {peer.about}." for peer in ALL_PEERS),
        ],
    )


def _too_small(standings: Standings) -> list[str]:
    small = sorted(name for name, least in standings.least.items() if least < LEAST_CPU)
    if not small:
        return []
    names = ", ".join(small)
    return [f"No ratio where the difference is below {LEAST_CPU:.0f} s of processor time: {names}."]


def _stream(name: str, seed: int, vehicles: int, policy: Path) -> Stream:
    lines = two_rule_stream(seed, vehicles)
    return Stream(name, lines, expected_alerts(lines, policy, policy.parent))


@contextmanager
def _published(
    broker: KafkaBroker, streams: list[Stream], partitions: int
) -> Iterator[dict[str, Deployment]]:
    """Document topics with each stream, which all peers read."""
    short, long = streams
    with (
        deployed(broker, f"peers-{short.name}", partitions) as one,
        deployed(broker, f"peers-{long.name}", partitions) as other,
    ):
        fill(one, short.lines)
        fill(other, long.lines)
        yield {short.name: one, long.name: other}


def _programs(
    broker: KafkaBroker, deployments: dict[str, Deployment], policy: Path, partitions: int
) -> dict[str, Run]:
    def by_peer(peer: Peer) -> Run:
        return lambda stream: _run_peer(broker, peer, stream, deployments[stream.name])

    def ours(stream: Stream) -> Taken:
        return _run_ours(broker, stream, policy, partitions)

    return {OURS: ours} | {peer.name: by_peer(peer) for peer in ALL_PEERS}


def _run_ours(broker: KafkaBroker, stream: Stream, policy: Path, partitions: int) -> Taken:
    prefix = f"ours-{time.time_ns()}"
    with deployed(broker, prefix, partitions, ZEROMILE_POLICY_FILE=str(policy)) as deployment:
        fill(deployment, stream.lines)
        watch = Watch(broker, deployment.names.alerts)
        worker = deployment.start_worker()
        return watch.until(stream.alerts, _Worker(worker, deployment))


@dataclass(frozen=True, slots=True)
class _Worker:
    """Our worker under watch."""

    process: WorkerProcess
    deployment: Deployment

    @property
    def pid(self) -> int:
        return self.process.pid

    def running(self) -> bool:
        return self.process.running

    def cpu(self) -> float:
        return cpu_seconds(self.pid)

    def said(self) -> str:
        return self.deployment.logs()

    def end(self) -> None:
        self.process.signal(SIGTERM)


def _run_peer(broker: KafkaBroker, peer: Peer, stream: Stream, deployment: Deployment) -> Taken:
    alerts = f"alerts-{re.sub('[^a-z]+', '-', peer.name.lower())}-{time.time_ns()}"
    partitions = deployment.settings.partitions
    with admin_client(deployment.settings) as client:
        client.create_topics([NewTopic(alerts, partitions, 1)])
    with tempfile.TemporaryDirectory() as directory:
        own = Path(directory)
        job = Job(broker.bootstrap_servers, deployment.names.documents, alerts, partitions, own)
        command = peer.command(job)
        return run_peer(command, own, Watch(broker, alerts), stream.alerts, ends=peer.ends)
