"""A worker process: an engine for its share of the vehicles."""

import os
import signal
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from detectors.decoding import decode
from detectors.documents import EVENT_TYPES
from detectors.errors import ZeromileError
from detectors.identities import Decode
from detectors.registry import Catalogue
from detectors.watermarks import Watermarks
from streams.backfill.outputs import PAGE, alert_as_record
from streams.backfill.replay import places_of
from streams.engine.engine import Engine, Progress, ValidatedBatch
from streams.engine.results import RawDocument, Result
from streams.engine.vin_corrections import withdrawn
from streams.models.choice import choose_model
from streams.parallel import messages
from streams.parallel.channel import Channel
from streams.parallel.messages import (
    Concluded,
    Count,
    Counts,
    Declare,
    Documents,
    End,
    Failed,
    Failure,
    Go,
    Judge,
    JudgeNext,
    NewestDay,
    Read,
    ReadVehicle,
    ReadVehicles,
    Refused,
    Request,
    Response,
    Vehicles,
)
from streams.setup.garbage import collect_seldom
from streams.setup.policy import load_policy
from streams.state.disk_store import DiskStore
from streams.state.store import MemoryStore, StateStore

_HANDED_OVER: Final = 5_000
"""Vehicles that are handed over at once."""


def run(channel: Channel, judge: Judge, directory: Path | None) -> None:
    """Serve the coordinator until it says that this is the end, or is gone.

    Parameters
    ----------
    channel
        To the coordinator.
    judge
        How to come by the detectors.
    directory
        Where to keep the vehicles; in memory without one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator decides what an interruption ends
    collect_seldom()
    try:
        _serve(channel, judge, directory)
        code = 0
    except (EOFError, OSError):
        code = 1  # the coordinator is gone, or its files are
    # Millions of records need not be freed one by one.
    sys.stderr.flush()
    os._exit(code)


def _serve(channel: Channel, judge: Judge, directory: Path | None) -> None:
    try:
        store = MemoryStore() if directory is None else DiskStore(directory)
        catalogue = Catalogue(load_policy(judge.config), choose_model(judge.model))
        worker = Worker(catalogue, store, judge.decode)
        while not isinstance(request := messages.decode_request(channel.receive()), End):
            channel.send(messages.encode(worker.answer(request)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except ZeromileError as error:
        channel.send(messages.encode(Failed(str(error))))
    except Exception as error:  # noqa: BLE001 - whatever it is, the coordinator must hear of it
        traceback.print_exc()
        channel.send(messages.encode(Failed(f"{type(error).__name__}: {error}")))


class Worker:
    """Answers the coordinator's requests.

    Batches are read by one engine and concluded by another: the first is batches ahead, and its
    documents must not move the watermarks yet by which the second judges.

    Parameters
    ----------
    catalogue
        The detectors.
    store
        Where the vehicles lie.
    decode
        Reads a document.
    """

    def __init__(self, catalogue: Catalogue, store: StateStore, decode: Decode = decode) -> None:
        self._decode = decode
        self._reader = Engine(catalogue, MemoryStore(), decode=decode)
        self._engine = Engine(catalogue, store, clock=lambda: self._now)
        self._now = datetime.min.replace(tzinfo=UTC)
        self._reported = dict(self._reader.watermarks.newest)
        self._ahead: deque[ValidatedBatch] = deque()
        """Batches that were read and not yet concluded."""
        self._vins: Iterator[str] = iter(())

    def answer(self, request: Request) -> Response:
        """Do what is asked."""
        match request:
            case Documents(lines):
                return self._read(lines)
            case Go():
                return self._conclude(request)
            case Declare(day, detected_at):
                self._now = datetime.fromisoformat(detected_at)
                return _concluded(self._engine.declare_complete(day))
            case JudgeNext(from_start, detected_at):
                self._now = datetime.fromisoformat(detected_at)
                filed = self._next_vins(PAGE, from_start=from_start)
                return _concluded(self._engine.rejudge(filed, "new_evidence"))
            case Count():
                return self._count()
            case ReadVehicles(from_start):
                vins = self._next_vins(_HANDED_OVER, from_start=from_start)
            case ReadVehicle(vin):
                vins = [vin]
            case _:
                raise TypeError(f"not a request: {request!r}")
        return self._page(vins)

    def _read(self, lines: bytes) -> Read:
        documents = [RawDocument(line) for line in lines.split(b"\n")] if lines else []
        received = self._reader.validate(documents)
        self._ahead.append(received)
        letters = received.result.dead_letters
        refused = [
            Refused(place, error.reason, error.field, error.value, error.allowed, error.document)
            for place, (_, error) in zip(places_of(letters, documents), letters, strict=True)
        ]
        letters.clear()
        newest = self._reader.watermarks.newest
        moved = [NewestDay(*key, day) for key, day in newest.items() if self._reported.get(key) != day]
        if moved:
            self._reported = dict(newest)
        return Read(moved, refused)

    def _conclude(self, go: Go) -> Concluded:
        received = self._ahead.popleft()
        received.before = _progress(self._engine.watermarks)
        for newest in go.newest:
            self._engine.watermarks.reach(newest.event_type, newest.source, newest.day)
        for withdrawal in go.withdrawals:
            document = self._decode(withdrawal.payload)
            received.withdraw(withdrawn(document, withdrawal.vin, withdrawal.revision))
        if go.detected_at is None:
            return _concluded(self._engine.file(received))
        self._now = datetime.fromisoformat(go.detected_at)
        return _concluded(self._engine.process_batch(received))

    def _count(self) -> Counts:
        counters = self._engine.counters
        return Counts(
            read=self._reader.counters.read,
            accepted=counters.accepted,
            duplicate=counters.duplicate,
            stale=counters.stale,
            detector_errors=counters.detector_errors,
            of_no_car=[(*key, number) for key, number in counters.of_no_car.items()],
            vehicles=len(self._engine.store),
        )

    def _next_vins(self, number: int, *, from_start: bool) -> list[str]:
        if from_start:
            self._vins = self._engine.store.vins()
        return list(islice(self._vins, number))

    def _page(self, vins: list[str]) -> Vehicles:
        found = {vin: data for vin in vins if (data := self._engine.store.get(vin)) is not None}
        return Vehicles(list(found), list(found.values()))


def _progress(watermarks: Watermarks) -> Progress:
    return {feed: watermarks.complete_through(feed) for feed in EVENT_TYPES}


def _concluded(result: Result) -> Concluded:
    records = [alert_as_record(alert) for alert in result.alerts]
    return Concluded(
        [record.alert_id for record in records],
        [record.firing for record in records],
        [record.record for record in records],
        result.exports,
        [Failure(f.detector, f.documents, str(f.error)) for f in result.failures],
    )
