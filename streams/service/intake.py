"""Documents of one partition, from when they come to when their vehicles are judged.

They are read at once and judged together, when a transaction begins: however many documents of a
vehicle have come since the last one, it is judged, written and reported once.
"""

from __future__ import annotations

import time
from collections.abc import Container, Sequence

from aiokafka.structs import ConsumerRecord

from detectors.filing import Position
from streams.engine.engine import Engine
from streams.engine.received import ValidatedBatch
from streams.engine.results import RawDocument, Result
from streams.kafka.topics import TopicNames
from streams.kafka.transaction_buffer import TransactionBuffer
from streams.service.observer import Observer
from streams.service.outgoing import add_dead_letters


class Intake:
    """What was received and is not yet judged.

    Parameters
    ----------
    engine
        Reads the documents and judges their vehicles.
    outbox
        Where refused documents go, at once.
    names
        Topics.
    observer
        Is told what happens.
    """

    def __init__(
        self, engine: Engine, outbox: TransactionBuffer, names: TopicNames, observer: Observer
    ) -> None:
        self.documents = 0
        """Documents that wait to be judged."""
        self._engine = engine
        self._outbox = outbox
        self._names = names
        self._observer = observer
        self._received: ValidatedBatch | None = None
        self._seconds = 0.0

    @property
    def vehicles(self) -> Container[str]:
        """Those of the documents that wait."""
        return self._received.published if self._received is not None else ()

    def receive(self, records: Sequence[ConsumerRecord]) -> None:
        """Read a batch of one topic."""
        started = time.perf_counter()
        now = int(time.time() * 1000)
        # A record cannot have been written after it was read, whatever it says, nor before 1970.
        batch = (
            RawDocument(
                r.value or b"",
                Position(r.topic, r.partition, r.offset),
                r.key,
                r.timestamp if 0 < r.timestamp < now else now,
            )
            for r in records
        )
        self._received = self._engine.validate(batch, self._received)
        self._observer.read(records[0].topic, len(records))
        self._refuse(self._received.result, records)
        self.documents += len(records)
        self._seconds += time.perf_counter() - started

    def judge(self) -> Result:
        """Judge the vehicles of all documents that wait, and those whose deadlines have passed."""
        received, self._received = self._received, None
        if received is None:
            return self._engine.catch_up()
        started = time.perf_counter()
        result = self._engine.process_batch(received)
        self._observer.batch(self.documents, self._seconds + time.perf_counter() - started)
        self.documents, self._seconds = 0, 0.0
        return result

    def _refuse(self, result: Result, records: Sequence[ConsumerRecord]) -> None:
        letters, result.dead_letters = result.dead_letters, []
        if letters:
            self._observer.refused(letters)
            add_dead_letters(self._outbox, self._names, letters, {r.offset: r for r in records})
