"""The coordinator: reads and routes batches, and puts together what the workers make of them."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple

from detectors.errors import DocumentError
from detectors.watermarks import Watermarks
from streams.backfill.firing import FiringAlerts
from streams.backfill.outputs import (
    PAGE,
    READ_AT_ONCE,
    AlertRecord,
    Judging,
    OutputFiles,
    RefusedLine,
    ReplayOutputs,
    ReplaySummary,
)
from streams.engine.province_aggregator import ProvinceAggregator
from streams.engine.results import Counters, DetectorFailure
from streams.feeds.reading import Advance, LineBatch, read_batches
from streams.parallel.joint import JointView
from streams.parallel.messages import (
    Concluded,
    Count,
    Counts,
    Declare,
    Documents,
    Judge,
    JudgeNext,
    Read,
    Refused,
)
from streams.parallel.pool import Pool
from streams.parallel.routing import Routed
from streams.parallel.vehicles import RemoteVehicles
from streams.setup.clock import utc_now
from streams.setup.policy import load_policy
from streams.state.disk_store import DiskStore

_AHEAD: Final = 2
"""Batches that the workers read before they conclude one: so much may the coordinator fall behind."""
_UNTAKEN: Final = 2
"""Batches or pages that the workers may judge before the coordinator takes what they came to."""


class _OnItsWay(NamedTuple):
    lines: LineBatch
    routed: Routed


class ParallelReplay:
    """One run of recorded streams through several processes; to be used in a ``with`` statement.

    The outcome is that of :class:`streams.backfill.replay.Replay`. Only the order in which alert
    changes of one batch are written is another: by worker, and within a worker as one process would.

    Parameters
    ----------
    judge
        How the workers come by their detectors.
    workers
        How many processes judge, beside this one.
    outputs
        What to write.
    directory
        Where to keep vehicles and firing alerts, for more than fit into memory; what is left in it
        afterwards is of no use.
    clock
        Wall clock for ``detected_at``, which no finding depends on.
    """

    def __init__(
        self,
        judge: Judge,
        workers: int,
        outputs: OutputFiles | None = None,
        directory: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        if workers < 1:
            raise ValueError(f"{workers} workers; allowed: 1 and more")
        self.policy = load_policy(judge.config)
        self.counters = Counters()
        self._pool = Pool(workers, judge, directory)
        self._alerts = None if directory is None else DiskStore(directory / "alerts")
        self._joint = JointView(Watermarks(self.policy.watermarks), workers)
        self._proceedings = ReplayOutputs(self.policy, outputs, clock, FiringAlerts(self._alerts))
        self._clock = clock
        self._read: deque[_OnItsWay] = deque()
        """Batches that the workers are reading."""
        self._judged: deque[int | None] = deque()
        """Newest civil day of the customs feed after the batches that the workers are judging; ``None``
        where the provinces wait for the end."""
        self._vehicles = 0
        self._at_the_end = False
        """Whether vehicles are judged once all is read."""

    def __enter__(self) -> "ParallelReplay":
        self._pool.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.__exit__(kind, error, trace)
        if self._alerts is not None:
            self._alerts.close()

    @property
    def provinces(self) -> ProvinceAggregator:
        """The provinces' counts and what is sudden in them."""
        return self._proceedings.provinces

    @property
    def judged(self) -> "ParallelReplay":
        """What a report is made of, once the streams are read."""
        return self

    @property
    def store(self) -> RemoteVehicles:
        """The vehicles of all workers, once the streams are read."""
        return RemoteVehicles(self._pool, self._vehicles)

    def run(
        self,
        files: Iterable[Path],
        *,
        complete_through: int | None = None,
        advance: Callable[[Path], Advance] | None = None,
        judging: Judging | None = None,
        batch: int | None = None,
    ) -> ReplaySummary:
        """Read files one after the other and judge what they say, as :meth:`Replay.run` does.

        Raises
        ------
        WorkerError
            If a worker cannot go on or is gone.
        """
        batch = batch or self._proceedings.batch
        self._at_the_end = batch is None
        with ExitStack() as stack:
            self._proceedings.open(stack)
            for path in files:
                for lines in read_batches(path, batch or READ_AT_ONCE, advance and advance(path)):
                    self._process(lines)
            self._finish_open_batches()
            if complete_through is not None:
                self._declare_complete(complete_through)
            if self._at_the_end:
                self._judge_all(judging)
            self._proceedings.conclude(self._newest_export_day())
        self._count()
        return self._proceedings.outcome(self.counters, self._vehicles)

    def _process(self, lines: LineBatch) -> None:
        """Hand out a batch, and take what is ready of those before it."""
        routed = Routed(lines.values, len(self._pool))
        self._pool.tell_all([Documents(share) for share in routed.shares(lines.values)])
        self._read.append(_OnItsWay(lines, routed))
        if len(self._read) > _AHEAD:
            self._let_judge()
        self._take_all_but(_UNTAKEN)

    def _finish_open_batches(self) -> None:
        while self._read:
            self._let_judge()
            self._take_all_but(_UNTAKEN)
        self._take_all_but(0)

    def _let_judge(self) -> None:
        """Put together what was read of the oldest open batch and let the workers conclude it."""
        lines, routed = self._read.popleft()
        reads = self._pool.answers(Read)
        refused = _refused_places(routed, reads)
        for place, _ in refused:
            routed.documents[place] = None
        moved = (newest for read in reads for newest in read.newest)
        now = None if self._at_the_end else self._now()
        self._pool.tell_all(self._joint.go(lines, routed.documents, moved, now))
        self._judged.append(None if self._at_the_end else self._newest_export_day())
        refusals = [RefusedLine(lines.line(place), _error(why)) for place, why in refused]
        self.counters.dead_lettered.update(refusal.error.reason for refusal in refusals)
        self._proceedings.refuse(refusals)

    def _take_all_but(self, most: int) -> None:
        """Take what judged batches came to, the oldest first, until no more are left."""
        while len(self._judged) > most:
            today = self._judged.popleft()
            self._take_all(self._pool.answers(Concluded), today)

    def _take_all(self, parts: Sequence[Concluded], today: int | None) -> None:
        self._proceedings.take(
            (
                alert
                for part in parts
                for alert in map(AlertRecord, part.alert_ids, part.firing, part.records)
            ),
            (change for part in parts for change in part.exports),
            [
                DetectorFailure(failure.detector, failure.documents, RuntimeError(failure.error))
                for part in parts
                for failure in part.failures
            ],
            today,
        )

    def _declare_complete(self, day: int) -> None:
        self._joint.watermarks.declare_complete(day)
        self._pool.tell_all([Declare(day, self._now())] * len(self._pool))
        self._take_all(self._pool.answers(Concluded), self._newest_export_day())

    def _judge_all(self, judging: Judging | None) -> None:
        """Have the workers judge what they filed, page by page; a page counts once it is asked for."""
        vehicles = [counts.vehicles for counts in self._ask_counts()]
        told = judging and judging(sum(vehicles))
        for start in range(0, max(vehicles), PAGE):
            self._pool.tell_all([JudgeNext(start == 0, self._now())] * len(self._pool))
            self._judged.append(None)
            self._take_all_but(_UNTAKEN)
            if told:
                told(sum(min(max(count - start, 0), PAGE) for count in vehicles))
        self._take_all_but(0)

    def _count(self) -> None:
        total = self.counters
        for counts in self._ask_counts():
            total.read += counts.read
            total.accepted += counts.accepted
            total.duplicate += counts.duplicate
            total.stale += counts.stale
            total.detector_errors += Counter(counts.detector_errors)
            for source, why, number in counts.of_no_car:
                total.of_no_car[source, why] += number
            self._vehicles += counts.vehicles
        total.vin_corrections = self._joint.vin_corrections

    def _ask_counts(self) -> list[Counts]:
        self._pool.tell_all([Count()] * len(self._pool))
        return self._pool.answers(Counts)

    def _now(self) -> str:
        return self._clock().isoformat()

    def _newest_export_day(self) -> int | None:
        return self._joint.watermarks.newest_day("customs_export")


def _error(refused: Refused) -> DocumentError:
    return DocumentError(
        refused.reason,
        field=refused.field,
        value=refused.value,
        allowed=refused.allowed,
        document=refused.document,
    )


def _refused_places(routed: Routed, reads: Sequence[Read]) -> list[tuple[int, Refused]]:
    """What the workers refused, by place in the batch and in the order of the lines."""
    found: dict[int, Refused] = {}
    for worker, read in enumerate(reads):
        if read.refused:
            places = routed.places(worker)
            found |= {places[refused.place]: refused for refused in read.refused}
    return sorted(found.items())
