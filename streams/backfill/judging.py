"""Whole vehicles judged, many at once, in any process: alerts and what else is counted of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice
from operator import attrgetter
from pathlib import Path
from traceback import format_exception
from typing import Any, ClassVar, Final, NamedTuple, Protocol, Self

import pyarrow as pa

from detectors.alerts import Alert
from detectors.documents import Document
from detectors.exports import ExportChange, counted_export, hardly_used
from detectors.forest.trained import ForestModel
from detectors.history import VehicleHistory
from detectors.identities import Decode
from detectors.judging import Judgement, Outcomes, file_whole, judge_histories
from detectors.policy import Policy
from detectors.registry import DECLARED, Beside, Catalogue, outside
from detectors.spikes.tally import Export
from detectors.watermarks import NewestDays, Watermarks
from streams.backfill.columns import Originals
from streams.backfill.outputs import AlertRecord, alert_as_record
from streams.backfill.settled import Settled
from streams.engine.alert_changes import AlertChanges
from streams.engine.results import Counters, DetectorFailure, Filed, Result
from streams.setup.rules import RulePlace

_AT_ONCE: Final = 64
"""Vehicles that are judged together where no forest does better with all of them."""
_VIN: Final = attrgetter("vin")


class Visitor(Protocol):
    """Sees every judged vehicle in the process that judges it; partial ones are put together."""

    needs: ClassVar[int]
    """Bits of :class:`detectors.history.Content`: vehicles with any of them are opened for it."""

    def see(self, judgement: Judgement, export: Export | None) -> None:
        """Look at a vehicle, and the used export that it counts for."""

    def merge(self, other: Any) -> None:
        """Add what another one has seen."""

    def add_settled(self, settled: Settled) -> None:
        """Add what the vehicles come to that were not opened."""


@dataclass(slots=True)
class Setup:
    """What every process needs, handed over once."""

    tables: dict[str, Any]
    """Of the policy."""
    model: ForestModel | None
    decode: Decode
    scratch: Path
    visitor: type[Visitor] | None
    detected_at: datetime
    outside: tuple[RulePlace, ...] = ()
    """Where rules are that do not belong to the package."""
    counts_exports: bool = True
    """Whether provinces are told of the vehicles that are exported."""
    _catalogue: Catalogue | None = None

    @classmethod
    def of(
        cls,
        catalogue: Catalogue,
        decode: Decode,
        scratch: Path,
        visitor: type[Visitor] | None,
        detected_at: datetime,
        *,
        counts_exports: bool = True,
    ) -> Self:
        """Judge by a catalogue; other processes make it anew of its policy and model."""
        policy = catalogue.policy
        places = tuple(map(RulePlace.of, outside(policy)))
        return cls(
            policy.tables, catalogue.model, decode, scratch, visitor, detected_at, places,
            counts_exports, catalogue,
        )  # fmt: skip

    @property
    def catalogue(self) -> Catalogue:
        """The detectors."""
        if self._catalogue is None:
            found = {rule.spec.id: rule for rule in (place.find() for place in self.outside)}
            self._catalogue = Catalogue(Policy(self.tables, {**DECLARED, **found}), self.model)
        return self._catalogue

    def __getstate__(self) -> tuple[Any, ...]:
        return (
            self.tables, self.model, self.decode, self.scratch, self.visitor, self.detected_at,
            self.outside, self.counts_exports,
        )  # fmt: skip

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        (
            self.tables, self.model, self.decode, self.scratch, self.visitor, self.detected_at,
            self.outside, self.counts_exports,
        ) = state  # fmt: skip
        self._catalogue = None


class WholeVehicles(NamedTuple):
    """Whole vehicles to judge."""

    rows: bytes
    """Arrow: ``vin``, the screens that it has ``passed`` (`Catalogue.screened`) and ``original``, a
    vehicle's rows together and in the order they came."""
    withdrawn: dict[str, list[Document]]
    """Withdrawals that nobody published, by vehicle."""
    newest: NewestDays
    declared: int | None
    """Civil day through which every feed is declared complete."""


class OpenedVehicle(NamedTuple):
    """A whole vehicle, put together."""

    history: VehicleHistory
    passed: int
    """Screens that it passes: `Catalogue.screened`."""


class RemoteFailure(NamedTuple):
    """A detector's failure that can be handed over, whatever the class of the error."""

    detector: str
    documents: tuple[str, ...]
    vin: str
    kind: str
    message: str
    trace: str

    @classmethod
    def of(cls, failure: DetectorFailure) -> Self:
        """Write a failure down."""
        error = failure.error
        trace = "".join(format_exception(error))
        kind = type(error).__name__
        return cls(failure.detector, failure.documents, failure.vin, kind, str(error), trace)

    def here(self) -> DetectorFailure:
        """The failure, with an error of the same name that tells where it was raised."""
        error: Exception = type(self.kind, (Exception,), {})(self.message)
        error.add_note(self.trace)
        return DetectorFailure(self.detector, self.documents, error, self.vin)


@dataclass(slots=True)
class JudgedVehicles:
    """What vehicles came to."""

    vehicles: int = 0
    alerts: list[AlertRecord] = field(default_factory=list)
    exports: list[ExportChange] = field(default_factory=list)
    failures: list["RemoteFailure"] = field(default_factory=list)
    filed: Filed = field(default_factory=Counter)
    detector_errors: Counter[str] = field(default_factory=Counter)
    visitor: Visitor | None = None


def judge_vehicles(setup: Setup, task: WholeVehicles) -> JudgedVehicles:
    """Judge whole vehicles."""
    catalogue = setup.catalogue
    judge = TaskJudge(setup, task)
    most = catalogue.policy.history.maximum_documents
    vehicles = whole_vehicles(task, setup.decode, most, judge.judged.filed)
    for opened in judged_together(vehicles, (catalogue,)):
        judge.judge(opened)
    return judge.judged


def judged_together(
    vehicles: Iterator[OpenedVehicle], catalogues: Iterable[Catalogue]
) -> Iterator[list[OpenedVehicle]]:
    """Vehicles as many at once as does the detectors good."""
    at_once = None if any(one.has_forests for one in catalogues) else _AT_ONCE
    while opened := list(islice(vehicles, at_once)):
        yield opened


def whole_vehicles(
    task: WholeVehicles, decode: Decode, most: int, filed: Filed | None = None
) -> Iterator[OpenedVehicle]:
    """Put the vehicles of a task together.

    Parameters
    ----------
    task
        The vehicles.
    decode
        Reads a document.
    most
        Documents that are kept of one vehicle.
    filed
        Gets what became of their documents, where somebody counts that.
    """
    table = pa.ipc.open_stream(task.rows).read_all()
    documents = Originals(decode).read_all(table["original"])
    passed = table["passed"].to_pylist()  # `to_numpy` would import pandas
    start = 0
    for vin, group in groupby(documents, _VIN):
        published = list(group)
        history, outcomes = file_whole(vin, published, task.withdrawn.get(vin, ()), most)
        if filed is not None:
            _count(outcomes, filed)
        yield OpenedVehicle(history, passed[start])
        start += len(published)


def _count(outcomes: Outcomes, filed: Filed) -> None:
    for outcome in outcomes:
        filed[outcome] += 1


class TaskJudge:
    """Judges the vehicles of a task by one catalogue.

    Parameters
    ----------
    setup
        By what.
    task
        How far the feeds have come.

    Attributes
    ----------
    catalogue
        The detectors.
    decode
        Reads a document.
    judged
        What the vehicles have come to so far.
    """

    def __init__(self, setup: Setup, task: WholeVehicles) -> None:
        self.catalogue = catalogue = setup.catalogue
        self.decode = setup.decode
        policy = catalogue.policy
        self._watermarks = Watermarks(policy.watermarks, task.newest, policy.country)
        if task.declared is not None:
            self._watermarks.declare_complete(task.declared)
        self.judged = JudgedVehicles(visitor=None if setup.visitor is None else setup.visitor())
        counters = Counters(detector_errors=self.judged.detector_errors)
        self._changes = AlertChanges(catalogue, counters)
        self._hardly_used = hardly_used(policy)
        self._counts_exports = setup.counts_exports
        self._detected_at = setup.detected_at.isoformat()

    def judge(self, opened: Sequence[OpenedVehicle]) -> None:
        """Judge some of the vehicles; note their alerts and the exports that they count for."""
        for judgement in self.look_at(opened):
            self.judged.alerts += map(alert_as_record, self.note(judgement))

    def look_at(self, opened: Sequence[OpenedVehicle], beside: Beside | None = None) -> list[Judgement]:
        """Judge some of the vehicles, perhaps beside what another catalogue says of them."""
        histories, passed = [each.history for each in opened], [each.passed for each in opened]
        return judge_histories(self.catalogue, self._watermarks, histories, passed, beside)

    def note(self, judgement: Judgement) -> list[Alert]:
        """Note the export that a vehicle counts for, and failures; gives its alerts."""
        history, judged = judgement.history, self.judged
        judged.vehicles += 1
        export = None
        if self._counts_exports and history.used_exports and not self.catalogue.is_no_car(history):
            export = counted_export(history, self._hardly_used)
        if export is not None:
            judged.exports.append(ExportChange(history.vin, None, export))
        alerts: list[Alert] = []
        if judgement.findings or judgement.failed:
            result = Result(alerts)
            self._changes.report_first(judgement, result, self._detected_at)
            judged.failures += map(RemoteFailure.of, result.failures)
        if judged.visitor is not None:
            judged.visitor.see(judgement, export)
        return alerts
