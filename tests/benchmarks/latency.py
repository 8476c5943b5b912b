"""`latency`: how old a document is when its alert can be read, at steady rates.

Measured from the moment at which the schedule says that a document is published, whether or not
the publisher is late then, to the moment at which a consumer of committed records holds the alert
that it completes. Beside it, the limit: the same for a plain consumer of the document itself.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, Final

import msgspec

from detectors.vin import CHECK_POSITION, check_digit
from streams.kafka.publishing import LINGER_MS
from tests.benchmarks.broker import broker_versions, deployed, follow, new_records, running_broker
from tests.benchmarks.environments import program
from tests.benchmarks.processes import cpu_seconds
from tests.benchmarks.quantities import CPU_A_DOCUMENT
from tests.benchmarks.results import Check, Quantity, Report, Rounds
from tests.benchmarks.statistics import percentile
from tests.benchmarks.surroundings import look_around
from tests.broker.deployment import Deployment, wait_for
from tests.broker.kafka_broker import KafkaBroker

SHARES: Final = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
PERIODS_A_SECOND: Final = 200
WARM_UP_SECONDS: Final = 3
LONGEST_WAIT_SECONDS: Final = 60
EVERY: Final = 10
"""One document in so many completes an alert."""


def measure_latency(rates: Sequence[int], seconds: int, repetitions: int, partitions: int) -> Report:
    """Publish at each rate in turn."""
    rounds = Rounds()
    pairs: dict[str, str] = {}
    complete = dict.fromkeys(rates, True)
    with running_broker() as broker:
        for _ in range(repetitions):
            for rate in rates:
                alert, limit = f"{rate:,}/s, to the alert", f"{rate:,}/s, limit: to the document"
                pairs[alert] = limit
                with deployed(broker, f"latency-{time.time_ns()}", partitions) as deployment:
                    one = _Run(deployment, broker, rate, seconds)
                    one.run()
                rounds.add(limit, _shares(one.document_ages))
                rounds.add(alert, _shares(one.alert_ages) | {CPU_A_DOCUMENT: one.cpu_a_document})
                complete[rate] = complete[rate] and one.missing == 0
    return Report(
        benchmark="latency",
        title=f"Age of a document when its alert can be read, {seconds} s at each rate",
        headline="p99",
        settings={
            "rates": ",".join(map(str, rates)),
            "seconds": seconds,
            "repetitions": repetitions,
            "partitions": partitions,
        },
        surroundings=look_around(**broker_versions()),
        rows=rounds.rows(beside=pairs),
        checks=[
            Check(f"{rate:,}/s: every expected alert came", held) for rate, held in complete.items()
        ],
        notes=[
            f"From the time at which a document was due, in a schedule of {PERIODS_A_SECOND} steps a "
            "second, until a consumer of committed records has it, or the alert that it completes "
            f"(one in {EVERY}). One worker, default settings: it writes out every 0.4 s at the latest. "
            f"Publisher, consumers and broker run on the same machine. The first {WARM_UP_SECONDS} s "
            "do not count."
        ],
    )


def _shares(ages: list[float]) -> dict[Quantity, float]:
    """Percentiles that at least one age lies beyond; fewer ages tell nothing of rarer ones."""
    ordered = sorted(ages)
    return {
        Quantity(name, "ms"): percentile(ordered, share) * 1e3
        for name, share in SHARES.items()
        if len(ordered) * (1 - share) >= 1
    }


class _Run:
    """One rate: a worker, a publisher that keeps to a schedule, and two consumers."""

    def __init__(self, deployment: Deployment, broker: KafkaBroker, rate: int, seconds: int) -> None:
        self._deployment = deployment
        self._rate = rate
        self._documents = rate * (seconds + WARM_UP_SECONDS)
        self._due: dict[tuple[bytes, bool], float] = {}
        """When each document was to be published, by vehicle and whether it completes an alert."""
        self._stop = threading.Event()
        self._servers = broker.bootstrap_servers
        self._counted_from = float("inf")
        self._alerted: set[bytes] = set()
        self.document_ages: list[float] = []
        self.alert_ages: list[float] = []
        self.missing = 0
        self.cpu_a_document = 0.0

    def run(self) -> None:
        """Publish the schedule and wait for the last alert."""
        worker = self._deployment.start_worker()
        wait_for(lambda: worker.ready, 90, "worker not ready", self._deployment.logs)
        names = self._deployment.names
        followers = [
            threading.Thread(
                target=self._follow, args=(names.documents_of("registration"), self._on_document)
            ),
            threading.Thread(target=self._follow, args=(names.alerts, self._on_alert)),
        ]
        for follower in followers:
            follower.start()
        before = cpu_seconds(worker.pid)
        try:
            expected = self._publish()
            deadline = time.monotonic() + LONGEST_WAIT_SECONDS
            while len(self._alerted) < expected and time.monotonic() < deadline:
                time.sleep(0.05)
        finally:
            self._stop.set()
            for follower in followers:
                follower.join()
        self.missing = expected - len(self._alerted)
        self.cpu_a_document = (cpu_seconds(worker.pid) - before) / self._documents * 1e6

    def _publish(self) -> int:
        """Publish to the schedule; returns how many alerts have to come."""
        entries = [document(number) for number in range(self._documents)]
        topic = self._deployment.names.documents_of("registration")
        with publishing(self._servers, topic) as lines:
            begun = time.time()
            self._counted_from = begun + WARM_UP_SECONDS
            a_period = max(1, self._rate // PERIODS_A_SECOND)
            for first in range(0, self._documents, a_period):
                some, due = entries[first : first + a_period], begun + first / self._rate
                time.sleep(max(0.0, due - time.time()))
                self._due.update({(vin, completes): due for vin, _, completes in some})
                lines.write(b"".join(b"%b\t%b\n" % (vin, line) for vin, line, _ in some))
                lines.flush()
        return sum(completes for _, _, completes in entries)

    def _follow(self, topic: str, take: Any) -> None:
        # one partition of the documents tells enough, and leaves the processor to the worker
        documents = topic == self._deployment.names.documents_of("registration")
        consumer = follow(self._servers, topic, partitions=1 if documents else None)
        while not self._stop.is_set():
            for record in new_records(consumer):
                take(record, time.time())
        consumer.close()

    def _on_document(self, record: Any, now: float) -> None:
        due = self._due.get((record.key, b'"pending_export"' in record.value), 0.0)
        if due >= self._counted_from:
            self.document_ages.append(now - due)

    def _on_alert(self, record: Any, now: float) -> None:
        alert = msgspec.json.decode(record.value)
        vin = alert["subject"].encode()
        due = self._due.get((vin, True))
        if alert["detector"] == "double_sale" and due is not None and vin not in self._alerted:
            self._alerted.add(vin)
            if due >= self._counted_from:
                self.alert_ages.append(now - due)


@contextmanager
def publishing(servers: str, topic: str) -> Iterator[IO[bytes]]:
    """Where to write keys and documents, a line each; all are confirmed at the end.

    A publisher in Python would take the processor time that the measured worker needs: with one, a
    plain consumer had the documents after 290 ms at 10,000 a second (p99), with kcat after 100.
    """
    process = subprocess.Popen(  # noqa: S603 - fixed arguments
        [
            program("kcat"), "-P", "-b", servers, "-t", topic, "-K", "\t",
            "-X", f"linger.ms={LINGER_MS}", "-X", "acks=all", "-X", "partitioner=murmur2_random",
        ],
        stdin=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    with process.stdin as lines:
        yield lines
    if process.wait(timeout=LONGEST_WAIT_SECONDS):
        raise RuntimeError(f"kcat ended with {process.returncode}")


def document(number: int) -> tuple[bytes, bytes, bool]:
    """VIN, line, and whether it completes an alert: every so often a car goes on to its exporter."""
    completes = number % EVERY == EVERY - 1
    vin = f"LTLATEST0R{number - completes:07d}"
    vin = vin[:CHECK_POSITION] + check_digit(vin) + vin[CHECK_POSITION + 1 :]
    fields = {
        "event_id": f"e{number}",
        "source": "registry",
        "event_type": "registration",
        "vin": vin,
        "occurred_at": "2025-03-03" if completes else "2025-03-01",
        "kind": "pending_export" if completes else "initial",
        "owner_id": "X1" if completes else f"P{number}",
        "owner_type": "exporter" if completes else "person",
        "price_cny": 120_000,
        "province": "CN-GD",
    }
    return vin.encode(), msgspec.json.encode(fields), completes
