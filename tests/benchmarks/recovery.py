"""`recovery`: how long a worker without state takes to read its vehicles back from the changelog.

Beside it, the limit: a plain consumer that reads the same records and drops them.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from aiokafka.structs import TopicPartition

from streams.kafka.topic_reader import read_to_end
from streams.setup.garbage import collect_seldom
from tests.benchmarks.broker import broker_versions, deployed, fill, running_broker
from tests.benchmarks.inputs import country
from tests.benchmarks.processes import cpu_seconds, peak_mib
from tests.benchmarks.quantities import PEAK
from tests.benchmarks.results import Quantity, Report, Rounds
from tests.benchmarks.surroundings import look_around
from tests.broker.deployment import Deployment, wait_for

LIMIT: Final = "limit: read the changelog, drop it"
STORES: Final = {"memory": "worker, store in memory", "rocksdb": "worker, store on disk (RocksDB)"}
A_MILLION: Final = Quantity("wall per million vehicles", "s")
CPU_A_MILLION: Final = Quantity("CPU per million vehicles", "s")
LONGEST_SECONDS: Final = 1800


def measure_recovery(vehicles: int, seed: int, repetitions: int) -> Report:
    """Fill the changelog once, then let fresh workers recover from it in turn with the limit."""
    rounds = Rounds()
    with (
        running_broker() as broker,
        deployed(broker, "recovery", 1) as deployment,
        deployed(broker, "recovery-of-nothing", 1) as empty,
    ):
        lines = country(vehicles, seed).path.read_bytes().splitlines()
        known = _fill_changelog(deployment, lines)
        for _ in range(repetitions):
            records = _read_plainly(deployment, known, rounds)
            for store in STORES:
                _recover(deployment, empty, store, known, rounds)
    return Report(
        benchmark="recovery",
        title=f"Recovery of {known:,} vehicles from {records:,} changelog records, one partition",
        headline=A_MILLION.name,
        settings={"vehicles": vehicles, "seed": seed, "repetitions": repetitions, "partitions": 1},
        surroundings=look_around(**broker_versions()),
        rows=rounds.rows(beside=LIMIT),
        notes=[
            "Wall: from the partition's assignment until it is ready, by the worker's own metric. CPU: "
            "of the worker until it is ready, less that of a worker without vehicles. The changelog is "
            "as it was written a moment ago: what compaction has not removed yet is read as well. "
            "Once ready, a worker judges all its vehicles again in the background, in small steps."
        ],
    )


def _fill_changelog(deployment: Deployment, lines: list[bytes]) -> int:
    """Let a worker judge everything and stop; returns how many vehicles it then knows."""
    worker = deployment.start_worker()
    fill(deployment, lines)
    wait_for(lambda: worker.ready, 90, "worker not ready", deployment.logs)
    wait_for(lambda: deployment.lag() == 0, LONGEST_SECONDS, "not finished", deployment.logs)
    wait_for(lambda: worker.metric("zeromile_vehicles") > 0, 30, "no vehicles counted", deployment.logs)
    known = int(worker.metric("zeromile_vehicles"))
    worker.stop()
    return known


def _read_plainly(deployment: Deployment, known: int, rounds: Rounds) -> int:
    collect_seldom()  # as a worker does; without it the limit would be slower than what it limits
    cpu, wall = time.process_time(), time.perf_counter()
    records = asyncio.run(_count(deployment))
    rounds.add(
        LIMIT,
        {
            A_MILLION: (time.perf_counter() - wall) / known * 1e6,
            CPU_A_MILLION: (time.process_time() - cpu) / known * 1e6,
        },
    )
    return records


async def _count(deployment: Deployment) -> int:
    changelog = TopicPartition(deployment.names.vehicles, 0)
    found = 0
    async for batch in read_to_end(deployment.settings, changelog, 0):
        found += len(batch.records)
    return found


def _recover(deployment: Deployment, empty: Deployment, store: str, known: int, rounds: Rounds) -> None:
    start_cpu, _, start_peak = _start(empty, store)
    cpu, wall, peak = _start(deployment, store)
    rounds.add(
        STORES[store],
        {
            A_MILLION: wall / known * 1e6,
            CPU_A_MILLION: max(0.0, cpu - start_cpu) / known * 1e6,
            PEAK: peak,
            Quantity("memory a vehicle", "bytes"): (peak - start_peak) * 2**20 / known,
        },
    )


def _start(deployment: Deployment, store: str) -> tuple[float, float, float]:
    """Start a worker without state; returns CPU until ready, time of recovery, peak memory."""
    directory = deployment.directory / f"state-{time.time_ns()}"
    worker = deployment.start_worker(
        ZEROMILE_STATE_STORE=store, ZEROMILE_STATE_DIRECTORY=str(directory)
    )
    wait_for(lambda: worker.ready, LONGEST_SECONDS, "worker not ready", deployment.logs)
    cpu, peak = cpu_seconds(worker.pid), peak_mib(worker.pid)
    wall = worker.metric("zeromile_recovery_seconds_sum")
    worker.stop()
    return cpu, wall, peak
