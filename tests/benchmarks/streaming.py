"""`streaming`: documents from Kafka to alerts by one worker and by two.

Everything is on: all rules, changelog, alerts in transactions. The broker's own processor time is
stated, for it takes the same cores.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from typing import Final

from streams.bench.processes import cpu_seconds, peak_mib
from streams.bench.quantities import PEAK, PER_SECOND, speed
from streams.bench.results import Quantity, Report, Rounds
from streams.bench.surroundings import look_around
from tests.benchmarks.broker import broker_versions, deployed, fill, running_broker
from tests.broker.deployment import Deployment, WorkerProcess, wait_for
from tests.broker.kafka_broker import KafkaBroker
from tests.broker.papers import paper_stream

BROKER: Final = Quantity("broker's CPU a document", "µs")
LONGEST_SECONDS: Final = 900


def measure_streaming(
    vehicles: int, seed: int, repetitions: int, partitions: int, workers: Sequence[int]
) -> Report:
    """Let one and more workers judge the same stream in turn."""
    lines = paper_stream(seed, vehicles)
    rounds, documents = Rounds(), 0
    with running_broker() as broker:
        for _ in range(repetitions):
            for count in workers:
                prefix = f"streaming-{time.time_ns()}"
                with deployed(broker, prefix, partitions) as deployment:
                    documents = _judge_all(deployment, broker, lines, count, rounds)
    return Report(
        benchmark="streaming",
        title=f"Kafka to alerts: {documents:,} documents of {vehicles:,} vehicles",
        headline=PER_SECOND.name,
        settings={
            "vehicles": vehicles,
            "seed": seed,
            "repetitions": repetitions,
            "partitions": partitions,
        },
        surroundings=look_around(**broker_versions()),
        rows=rounds.rows(beside=_name(workers[0])),
        notes=[
            "All rules, no model; state in memory with its changelog, alerts in transactions. The "
            "workers are ready and stopped while the documents are published; measured from "
            "their continuing until no document is left. The broker runs on the same cores."
        ],
    )


def _name(workers: int) -> str:
    return f"{workers} worker{'s' if workers > 1 else ''}"


def _judge_all(
    deployment: Deployment, broker: KafkaBroker, lines: list[bytes], count: int, rounds: Rounds
) -> int:
    workers = [deployment.start_worker() for _ in range(count)]
    wait_for(lambda: all(w.ready for w in workers), 90, "workers not ready", deployment.logs)
    for worker in workers:
        worker.signal(signal.SIGSTOP)
    documents = fill(deployment, lines)
    before = sum(cpu_seconds(w.pid) for w in workers), cpu_seconds(broker.pid)
    begun = time.monotonic()
    for worker in workers:
        worker.signal(signal.SIGCONT)
    wait_for(lambda: _done(workers) >= documents, LONGEST_SECONDS, "not finished", deployment.logs)
    wall = time.monotonic() - begun
    cpu = sum(cpu_seconds(w.pid) for w in workers) - before[0]
    more = {
        BROKER: (cpu_seconds(broker.pid) - before[1]) / documents * 1e6,
        PEAK: sum(peak_mib(w.pid) for w in workers),
    }
    rounds.add(_name(count), speed(documents, cpu, wall) | more)
    return documents


def _done(workers: list[WorkerProcess]) -> float:
    """Documents judged, once none waits on the broker."""
    if any(w.metric("zeromile_consumer_lag_documents") for w in workers):
        return 0.0
    return sum(w.metric("zeromile_documents_total") for w in workers)
