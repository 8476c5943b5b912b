"""The embedded job: recorded streams through the engine, without a broker."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from pathlib import Path
from zlib import crc32

from detectors.decoding import decode
from detectors.history import Content, VehicleHistory
from detectors.identities import Decode
from detectors.registry import Catalogue
from streams.backfill.outputs import (
    PAGE,
    READ_AT_ONCE,
    Judging,
    OutputFiles,
    RefusedLine,
    ReplayOutputs,
    ReplaySummary,
    alert_as_record,
)
from streams.engine.engine import Engine
from streams.engine.province_aggregator import ProvinceAggregator
from streams.engine.results import RawDocument, RefusedDocument, Result
from streams.engine.vin_corrections import VinCorrections
from streams.feeds.reading import Advance, read_batches
from streams.setup.clock import utc_now
from streams.state.store import MemoryStore


class Replay:
    """One run of recorded streams through a fresh engine.

    Parameters
    ----------
    catalogue
        The detectors.
    outputs
        What to write.
    decode
        Reads a document, with digests for ids where a key is set.
    clock
        Wall clock for ``detected_at``, which no finding depends on.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        outputs: OutputFiles | None = None,
        decode: Decode = decode,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.engine = Engine(
            catalogue, MemoryStore(), corrections=VinCorrections(), decode=decode, clock=clock
        )
        self._proceedings = ReplayOutputs(catalogue.policy, outputs, clock)

    @property
    def judged(self) -> Engine:
        """What a report is made of, once the streams are read."""
        return self.engine

    @property
    def provinces(self) -> ProvinceAggregator:
        """The provinces' counts and what is sudden in them."""
        return self._proceedings.provinces

    def run(
        self,
        files: Iterable[Path],
        *,
        complete_through: int | None = None,
        advance: Callable[[Path], Advance] | None = None,
        judging: Judging | None = None,
        batch: int | None = None,
    ) -> ReplaySummary:
        """Read files one after the other and judge what they say.

        Parameters
        ----------
        files
            Recorded streams, ``-`` for standard input.
        complete_through
            Civil day through which every feed is taken as complete at the end.
        advance
            Gives, for each file, whom to tell about its progress.
        judging
            Gives, for the number of vehicles, whom to tell how many of them are judged, where that
            is done at the end.
        batch
            Documents after which their vehicles are judged, every time; without it they are judged
            once, at the end, unless the outputs call for more.
        """
        batch = batch or self._proceedings.batch
        with ExitStack() as stack:
            self._proceedings.open(stack)
            self._read(files, advance, batch)
            if complete_through is not None:
                result = self.engine.declare_complete(complete_through)
                self._take(result, self._newest_export_day())
            if batch is None:
                self._judge_all(judging)
            self._proceedings.conclude(self._newest_export_day())
        return self._proceedings.outcome(self.engine.counters, len(self.engine.store))

    def exported(self, most: int) -> Iterator[VehicleHistory]:
        """A fair sample of at most so many vehicles with export documents."""
        bits = Content.PENDING_EXPORT | Content.USED_EXPORT
        by_digest = sorted(self.engine.store.vins(), key=lambda vin: crc32(vin.encode()))
        histories = (self.engine.history(vin) for vin in by_digest)
        return islice((one for one in histories if one is not None and one.content & bits), most)

    def read(self, files: Iterable[Path]) -> None:
        """Read files and judge nothing."""
        self._read(files, None, None)

    def _read(
        self, files: Iterable[Path], advance: Callable[[Path], Advance] | None, batch: int | None
    ) -> None:
        treat = self.engine.file if batch is None else self.engine.process_batch
        for path in files:
            for lines in read_batches(path, batch or READ_AT_ONCE, advance and advance(path)):
                documents = [RawDocument(value) for value in lines.values]
                result = treat(self.engine.validate(documents))
                places = places_of(result.dead_letters, documents)
                self._proceedings.refuse(
                    RefusedLine(lines.line(place), letter.error)
                    for place, letter in zip(places, result.dead_letters, strict=True)
                )
                if batch is not None:
                    self._take(result, self._newest_export_day())

    def _judge_all(self, judging: Judging | None) -> None:
        vins = self.engine.store.vins()
        told = judging and judging(len(self.engine.store))
        while page := list(islice(vins, PAGE)):
            self._take(self.engine.rejudge(page, "new_evidence"), None)
            if told:
                told(len(page))

    def _take(self, result: Result, today: int | None) -> None:
        alerts = map(alert_as_record, result.alerts)
        self._proceedings.take(alerts, result.exports, result.failures, today)

    def _newest_export_day(self) -> int | None:
        return self.engine.watermarks.newest_day("customs_export")


def places_of(letters: list[RefusedDocument], documents: list[RawDocument]) -> list[int]:
    """Where in a batch the refused documents stood, which come in its order."""
    places: list[int] = []
    for letter in letters:
        places.append(documents.index(letter.document, places[-1] + 1 if places else 0))
    return places
