"""Seeded schedules of mishaps for a deployment that is at work, and a look at what is left after."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from detectors.registry import Catalogue
from streams.backfill.replay import Replay
from streams.setup.policy import load_policy
from streams.state import record as records
from tests.broker.deployment import Deployment, WorkerProcess

PAUSE_SECONDS = 5.0
MOST_WORKERS = 3


class Schedule:
    """Publishes a stream in pieces and lets something go wrong after each.

    Parameters
    ----------
    seed
        Decides what goes wrong and when.
    deployment
        Topics and workers; the session timeout must be shorter than `PAUSE_SECONDS`.
    restart_broker
        Stops the broker, by force or in order, and starts it again.
    """

    def __init__(
        self, seed: int, deployment: Deployment, restart_broker: Callable[[bool], None] | None
    ) -> None:
        self.rng = random.Random(seed)
        self.deployment = deployment
        self.done: list[str] = []
        self._restart_broker = restart_broker

    def run(self, lines: list[bytes], mishaps: int = 2) -> None:
        """Go through the schedule; at the end at least one worker runs."""
        for _ in range(2):
            self.deployment.start_worker()
        cuts = sorted(self.rng.randrange(len(lines)) for _ in range(mishaps))
        for start, end in zip([0, *cuts], [*cuts, len(lines)], strict=True):
            self.deployment.publish(lines[start:end])
            time.sleep(self.rng.uniform(0.0, 2.0))
            if end < len(lines):
                self._mishap(lines[:end])
        if not self._running():
            self.deployment.start_worker()

    def _running(self) -> list[WorkerProcess]:
        return [worker for worker in self.deployment.workers if worker.running]

    def _mishap(self, published: list[bytes]) -> None:
        # Twice as often: a paused worker comes back in the middle of a rebalance.
        kinds = ["crash", "pause", "pause", "leave", "join", "repeat"]
        if self._restart_broker is not None:
            kinds.append("broker")
        kind = self.rng.choice(kinds)
        self.done.append(kind)
        workers = self._running()
        if not workers or (kind == "join" and len(workers) < MOST_WORKERS):
            self.deployment.start_worker()
        elif kind == "crash":
            self.rng.choice(workers).kill()
            self.deployment.start_worker()
        elif kind == "pause":
            worker = self.rng.choice(workers)
            worker.signal(signal.SIGSTOP)
            time.sleep(PAUSE_SECONDS)
            worker.signal(signal.SIGCONT)
        elif kind == "leave" and len(workers) > 1:
            self.rng.choice(workers).stop()
        elif kind == "broker" and self._restart_broker is not None:
            self._restart_broker(self.rng.random() < 0.5)
        else:
            start = self.rng.randrange(len(published) or 1)
            self.deployment.publish(published[start : start + 500])


def check_state(deployment: Deployment, stream: Path) -> None:
    """Each vehicle's file holds exactly the documents of an embedded replay."""
    replay = Replay(Catalogue(load_policy(None)))
    replay.run([stream])
    store = replay.engine.store
    expected = {vin: _documents(store.get(vin)) for vin in store.vins()}
    latest = {
        record.key.decode(): record.value
        for record in deployment.read_all(deployment.names.vehicles)
        if not record.key.startswith(b"\x00")
    }
    assert {vin: _documents(data) for vin, data in latest.items()} == expected


def shown_documents(stream: Path, vehicles: int) -> dict[str, set[tuple[str, str, int]]]:
    """Documents of the first vehicles as an embedded replay has them: source, event id, revision."""
    replay = Replay(Catalogue(load_policy(None)))
    replay.run([stream])
    store = replay.engine.store
    return {
        vin: {identity[:3] for identity in _documents(store.get(vin))}
        for vin in sorted(store.vins())[:vehicles]
    }


def _documents(data: bytes | None) -> set[tuple[str, str, int, str]]:
    assert data is not None
    documents = (filed.document for filed in records.decode(data).filed)
    return {(d.source, d.event_id, d.revision, d.status) for d in documents}
