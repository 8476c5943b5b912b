"""The backfill: recorded streams or a ledger, everything at once.

    lines ── strict decode, once ──▶ ledger ── screens (SQL) ──▶ candidates ── judge ──▶ alerts
                                       └──── settled without being opened ────▶ counters, report

What comes out is what the engine says at the end of the same streams, to the byte.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import msgspec
import pyarrow.compute as pc

from detectors.alerts import Alert
from detectors.decoding import decode
from detectors.history import Content, VehicleHistory
from detectors.identities import Decode
from detectors.policy import Policy
from detectors.registry import Catalogue
from detectors.watermarks import Watermarks
from streams.backfill.chunks import CHUNK
from streams.backfill.judging import JudgedVehicles, Setup, Visitor, WholeVehicles, judge_vehicles
from streams.backfill.kept import is_kept, open_kept
from streams.backfill.ledger import (
    MEMORY,
    Ledger,
    LedgerError,
    LedgerRefusal,
    connect,
    look_at,
    read_ledger,
)
from streams.backfill.opened import opened_rows, packed
from streams.backfill.outputs import Judging, OutputFiles, ReplayOutputs, ReplaySummary
from streams.backfill.outputs import RefusedLine as ToldLine
from streams.backfill.processes import Processes
from streams.backfill.selection import (
    Selection,
    leave_out_no_car,
    note_repeated,
    select,
    sum_vehicles,
)
from streams.backfill.settled import sum_up
from streams.backfill.single_vehicles import SingleVehicles
from streams.engine.province_aggregator import ProvinceAggregator
from streams.engine.results import Counters, Result
from streams.feeds.reading import Advance
from streams.setup.clock import utc_now

_ROWS: Final = 4_000
"""Documents that are judged together."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a backfill may use."""

    processes: int = 1
    memory: str = MEMORY
    """Of the database, before it writes to its scratch folder."""
    scratch: Path | None = None
    """Folder for what does not fit into memory; by default the system's."""
    chunk: int = CHUNK
    """Bytes that are decoded together."""
    rows: int = _ROWS
    """Documents that are judged together."""


class Backfill:
    """One run over recorded streams.

    Parameters
    ----------
    catalogue
        The detectors.
    outputs
        What to write; changes on the way are for the engine.
    decode
        Reads a document, with digests for ids where a key is set.
    clock
        Wall clock for ``detected_at``, which no finding depends on.
    means
        Processes, memory, scratch folder.
    screened
        Whether vehicles that pass no screen stay closed.
    visitor
        Sees every judged vehicle, and what the others come to.
    told
        Whether to count what passes each screen.
    counts_exports
        Whether every exported vehicle is opened, to count it for its province.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        outputs: OutputFiles | None = None,
        decode: Decode = decode,
        clock: Callable[[], datetime] = utc_now,
        means: Means | None = None,
        *,
        screened: bool = True,
        visitor: type[Visitor] | None = None,
        told: bool = False,
        counts_exports: bool = True,
    ) -> None:
        self.counters = Counters()
        self.watermarks = Watermarks(catalogue.policy.watermarks, country=catalogue.policy.country)
        self.visitor = None if visitor is None else visitor()
        self.selected: list[Selection] = []
        self.catalogue = catalogue
        self._outputs = ReplayOutputs(catalogue.policy, outputs, clock)
        self._tell_refused: Callable[[ToldLine], None] | None = None
        self._decode = decode
        self._clock = clock
        self._means = means or Means()
        self._screened = screened
        self._told = told
        self._counts_exports = counts_exports
        self._stack = ExitStack()
        self._database: duckdb.DuckDBPyConnection | None = None

    @property
    def database(self) -> duckdb.DuckDBPyConnection:
        """The ledger; reading has opened it."""
        assert self._database is not None  # noqa: S101 - `run` and `read` open it first
        return self._database

    @property
    def policy(self) -> Policy:
        """By which it judges."""
        return self.catalogue.policy

    @property
    def tally(self) -> Any:
        """The visitor, which has seen all vehicles."""
        return self.visitor

    @property
    def provinces(self) -> ProvinceAggregator:
        """The provinces' counts and what is sudden in them."""
        return self._outputs.provinces

    def __enter__(self) -> "Backfill":
        folder = TemporaryDirectory(prefix="zeromile-", dir=self._means.scratch)
        self._scratch = Path(self._stack.enter_context(folder))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(
        self,
        files: Iterable[Path],
        *,
        complete_through: int | None = None,
        advance: Callable[[Path], Advance] | None = None,
        judging: Judging | None = None,
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
            Gives, for the number of vehicles, whom to tell how many more of them are judged.
        """
        with ExitStack() as stack:
            processes = stack.enter_context(Processes(self._means.processes, self._setup()))
            self._outputs.open(stack)
            ledger = self._read(list(files), processes, advance)
            if complete_through is not None:
                self.watermarks.declare_complete(complete_through)
            for judged in processes.map(judge_vehicles, self._tasks(ledger, complete_through, judging)):
                self._take(judged)
            self._outputs.conclude(self.watermarks.newest_day("customs_export"))
        vehicles = sum(chosen.vehicles for chosen in self.selected)
        return self._outputs.outcome(self.counters, vehicles)

    def read(self, files: Iterable[Path], refused: Callable[[ToldLine], None] | None = None) -> Ledger:
        """Read files and judge nothing: single vehicles can be asked for.

        Parameters
        ----------
        files
            Recorded streams, or a ledger of them.
        refused
            Told of every refused line.
        """
        self._tell_refused = refused
        with Processes(self._means.processes, self._setup()) as processes:
            return self._read(list(files), processes, None)

    def judge_one(self, vin: str, complete_through: int | None) -> list[Alert]:
        """Judge one vehicle of what was read, and give its alerts that fire."""
        rows = self._single.rows(vin)
        if rows is None:
            return []
        newest = self.watermarks.newest
        task = WholeVehicles(packed(rows), self._single.withdrawn, newest, complete_through)
        judged = judge_vehicles(self._setup(), task)
        return [msgspec.json.decode(alert.record, type=Alert) for alert in judged.alerts]

    def _setup(self) -> Setup:
        visitor = None if self.visitor is None else type(self.visitor)
        return Setup.of(
            self.catalogue, self._decode, self._scratch, visitor, self._clock(),
            counts_exports=self._counts_exports,
        )  # fmt: skip

    def _read(
        self,
        files: list[Path],
        processes: Processes[Setup],
        advance: Callable[[Path], Advance] | None,
    ) -> Ledger:
        """Read files, or the ledger that they are, and see what moved from VIN to VIN in them."""
        if any(map(is_kept, files)):
            if len(files) > 1:
                raise LedgerError(
                    "a ledger is judged alone; `zeromile ledger build --append` adds to it"
                )
            ledger = open_kept(files[0], self._decode, self._refuse)
        else:
            ledger = read_ledger(files, processes, self._refuse, advance, self._means.chunk)
        self.counters.read = ledger.lines_read
        self.watermarks.reach_all(ledger.newest)
        self._database = self._stack.enter_context(
            connect(self._scratch, self._means.processes, self._means.memory)
        )
        most = self.policy.history.maximum_documents
        self._single = SingleVehicles(self.database, ledger, self._decode, most)
        self.counters.vin_corrections += self._single.withdraw_moved()
        return ledger

    def histories(self, vins: Iterable[str]) -> dict[str, VehicleHistory]:
        """Histories of a few vehicles of the ledger, by VIN."""
        return self._single.histories(vins)

    def exported(self, most: int) -> Iterator[VehicleHistory]:
        """A fair sample of at most so many vehicles with export documents."""
        return self._single.exported(most)

    def _refuse(self, refused: list[LedgerRefusal]) -> None:
        for one in refused:
            self.counters.dead_lettered[one.refusal.reason] += 1
        told = [ToldLine(one.line, one.refusal.error()) for one in refused]
        self._outputs.refuse(told)
        if self._tell_refused is not None:
            for line in told:
                self._tell_refused(line)

    def _tasks(
        self, ledger: Ledger, declared: int | None, judging: Judging | None
    ) -> Iterator[WholeVehicles]:
        """Vehicles to judge: those of a bucket are chosen while those before them are still judged."""
        for bucket in range(ledger.buckets):
            chosen = self._select(ledger, bucket)
            told = judging and judging(chosen.opened)
            for task, vehicles in self.opened(ledger, declared):
                yield task
                if told:
                    told(vehicles)
            if self.visitor is not None:
                self.visitor.add_settled(sum_up(self.database))

    def opened(self, ledger: Ledger, declared: int | None) -> Iterator[tuple[WholeVehicles, int]]:
        """Vehicles that are to be opened, and how many they are."""
        for rows in opened_rows(self.database, self._means.rows):
            vins = pc.unique(rows["vin"]).to_pylist()
            gone = self._single.withdrawn
            withdrawn = {vin: gone[vin] for vin in vins if vin in gone}
            yield WholeVehicles(packed(rows), withdrawn, ledger.newest, declared), len(vins)

    def _select(self, ledger: Ledger, bucket: int) -> Selection:
        """Say which vehicles of a bucket are to be opened, and count those that are not."""
        database, summed = self.database, bool(ledger.summaries)
        look_at(database, ledger, bucket)
        of_no_car = leave_out_no_car(database, self.policy.history.words_for_no_car, summed=summed)
        self.counters.of_no_car += of_no_car
        self.counters.accepted += of_no_car.total()
        if not summed or self.visitor is not None:
            note_repeated(database)
        if not summed:
            sum_vehicles(database)
        needs = Content.NOTHING if self.visitor is None else self.visitor.needs
        if self._counts_exports:
            needs |= Content.CUSTOMS_EXPORT
        chosen = select(
            database, self.catalogue, screened=self._screened, told=self._told,
            visited=self.visitor is not None, needs=needs,
        )  # fmt: skip
        self.selected.append(chosen)
        self.counters.accepted += chosen.settled["accepted"]
        self.counters.duplicate += chosen.settled["further"]
        self.counters.stale += chosen.settled["stale"]
        return chosen

    def _take(self, judged: JudgedVehicles) -> None:
        self.counters.count(Result(filed=judged.filed))
        self.counters.detector_errors += judged.detector_errors
        failures = [failure.here() for failure in judged.failures]
        self._outputs.take(judged.alerts, judged.exports, failures, None)
        if self.visitor is not None:
            self.visitor.merge(judged.visitor)
