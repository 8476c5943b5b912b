"""`streaming`: documents from Kafka to alerts by one worker and by two.

Everything is on: all rules, changelog, alerts in transactions. Beside it, the limit: a plain
consumer that reads the same topics and decodes. The broker's own processor time is stated, for it
takes the same cores.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from aiokafka.structs import TopicPartition

from detectors.wire import decoder
from streams.kafka.topic_reader import read_to_end
from tests.benchmarks.broker import broker_versions, deployed, fill, running_broker
from tests.benchmarks.inputs import country
from tests.benchmarks.processes import cpu_seconds, peak_mib
from tests.benchmarks.quantities import PEAK, PER_CPU_SECOND, speed
from tests.benchmarks.results import Quantity, Report, Rounds
from tests.benchmarks.surroundings import look_around
from tests.broker.deployment import Deployment, WorkerProcess, wait_for
from tests.broker.kafka_broker import KafkaBroker

LIMIT: Final = "limit: read and decode"
BROKER: Final = Quantity("broker's CPU a document", "µs")
LONGEST_SECONDS: Final = 900


def measure_streaming(
    vehicles: int, seed: int, repetitions: int, partitions: int, workers: Sequence[int]
) -> Report:
    """Let one and more workers judge the same stream in turn."""
    data = country(vehicles, seed)
    lines = data.path.read_bytes().splitlines()
    rounds, documents = Rounds(), 0
    with running_broker() as broker:
        for _ in range(repetitions):
            for count in workers:
                prefix = f"streaming-{time.time_ns()}"
                with deployed(broker, prefix, partitions) as deployment:
                    documents = _judge_all(deployment, broker, lines, count, rounds)
                    if count == workers[0]:
                        rounds.add(LIMIT, _read_plainly(deployment, broker, documents))
    return Report(
        benchmark="streaming",
        title=f"Kafka to alerts: {documents:,} documents of {vehicles:,} vehicles",
        headline=PER_CPU_SECOND.name,
        settings={
            "vehicles": vehicles,
            "seed": seed,
            "repetitions": repetitions,
            "partitions": partitions,
            "input": data.digest,
        },
        surroundings=look_around(**broker_versions()),
        rows=rounds.rows(beside=LIMIT),
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


def _read_plainly(deployment: Deployment, broker: KafkaBroker, documents: int) -> dict[Quantity, float]:
    before = cpu_seconds(broker.pid)
    cpu, wall = time.process_time(), time.monotonic()
    asyncio.run(_decode_all(deployment))
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    share = (cpu_seconds(broker.pid) - before) / documents * 1e6
    return speed(documents, cpu, wall) | {BROKER: share}


async def _decode_all(deployment: Deployment) -> None:
    for topic in deployment.names.documents:
        for number in range(deployment.settings.partitions):
            where = TopicPartition(topic, number)
            async for batch in read_to_end(deployment.settings, where, 0):
                for record in batch.records:
                    with suppress(ValueError, RecursionError):
                        decoder.decode(record.value)


def _done(workers: list[WorkerProcess]) -> float:
    """Documents judged, once none waits on the broker."""
    if any(w.metric("zeromile_consumer_lag_documents") for w in workers):
        return 0.0
    return sum(w.metric("zeromile_documents_total") for w in workers)
