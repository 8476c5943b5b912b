"""Documents per CPU second from Kafka to alerts, beside stock Faust with a table.

Run from the repository's root: `python -m tests.benchmarks.streaming_throughput`. CPU time is
what is compared, because it hardly depends on what else the machine does; wall time is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from aiokafka import AIOKafkaProducer

from streams.kafka.publishing import Router
from streams.reading import read_lines
from tests.broker.deployment import Deployment, WorkerProcess, wait_for
from tests.broker.kafka_broker import KafkaBroker
from tests.broker.papers import paper_stream

TICKS = os.sysconf("SC_CLK_TCK")
STOCK = Path(__file__).with_name("stock_faust_app.py")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def fill(deployment: Deployment, lines: list[bytes]) -> int:
    """Publish in record batches, which is much faster than one by one."""
    router = Router(deployment.names)
    producer = AIOKafkaProducer(
        bootstrap_servers=deployment.settings.bootstrap_servers, linger_ms=50,
        max_batch_size=500_000, compression_type="lz4",
    )  # fmt: skip
    await producer.start()
    count = 0
    for line in lines:
        for record in router.route(line):
            await producer.send(record.topic, value=record.value, key=record.key)
            count += 1
    await producer.stop()
    return count


def measure_service(
    deployment: Deployment, broker: KafkaBroker, lines: list[bytes], workers: int
) -> float:
    """Documents per CPU second of the workers, after they are ready."""
    started = [deployment.start_worker() for _ in range(workers)]
    wait_for(lambda: all(w.ready for w in started), 60, "workers not ready", deployment.logs)
    for worker in started:
        worker.signal(19)
    count = asyncio.run(fill(deployment, lines))
    for worker in started:
        worker.signal(18)
    before = [cpu_seconds(w.pid) for w in started]
    broker_before, begun = cpu_seconds(broker.pid), time.monotonic()
    wait_for(lambda: _done(started) >= count, 600, "not finished", deployment.logs)
    wall = time.monotonic() - begun
    spent = sum(cpu_seconds(w.pid) for w in started) - sum(before)
    print(
        f"zeromile, {workers} worker(s): {count:,} documents, {wall:.1f} s wall, "
        f"{spent:.2f} s CPU ({spent / count * 1e6:.1f} µs each), {count / wall:,.0f}/s wall, "
        f"{count / spent:,.0f}/s of CPU; broker {cpu_seconds(broker.pid) - broker_before:.1f} s CPU"
    )
    for name in ("batch_processing_seconds_sum", "transaction_seconds_sum", "event_age_seconds_sum"):
        print(f"  {name}: {sum(w.metric(f'zeromile_{name}') for w in started):.2f}")
    return count / spent


def _done(workers: list[WorkerProcess]) -> float:
    written = [w.metric("zeromile_documents_total") for w in workers]
    busy = any(w.metric("zeromile_consumer_lag_documents") for w in workers)
    return 0.0 if busy else sum(written)


def measure_stock(deployment: Deployment, documents: int) -> float:
    """Documents per CPU second of a stock agent that keeps a table."""
    done = subprocess.run(  # noqa: S603 - fixed arguments
        [sys.executable, "-W", "ignore", str(STOCK), deployment.settings.bootstrap_servers,
         deployment.names.documents[0], str(documents), str(deployment.settings.partitions)],
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    # The worker writes terminal codes before its first line.
    report = re.search(r"\{.*\}", done.stdout)
    if report is None:
        raise RuntimeError(done.stdout + done.stderr)
    figures = json.loads(report[0])
    per_second = figures["documents"] / figures["cpu_seconds"]
    print(
        f"stock Faust, table per VIN: {figures['documents']:,} documents, "
        f"{figures['cpu_seconds']:.2f} s CPU, {per_second:,.0f}/s of CPU"
    )
    return float(per_second)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vehicles", type=int, default=40_000)
    parser.add_argument("--file", type=Path, help="Recorded stream instead of made-up papers.")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--stock-documents", type=int, default=20_000)
    options = parser.parse_args()
    if options.file:
        lines = [line.value for line in read_lines(options.file)]
    else:
        lines = paper_stream(seed=3, vehicles=options.vehicles)
    with tempfile.TemporaryDirectory() as directory:
        broker = KafkaBroker(Path(directory) / "broker")
        broker.start()
        deployment = Deployment(
            broker.bootstrap_servers, "bench", Path(directory), partitions=options.partitions,
            ZEROMILE_SESSION_SECONDS="60",
        )  # fmt: skip
        try:
            ours = measure_service(deployment, broker, lines, options.workers)
            if options.stock_documents:
                stock = measure_stock(deployment, options.stock_documents)
                print(f"ratio {ours / stock:.1f}")
        finally:
            deployment.close()
            broker.kill()
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"largest child process {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
