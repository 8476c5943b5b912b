"""Training populations from recorded streams: join, judge by rules, admit or refuse."""

from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Self

import numpy as np

from detectors import civil_time
from detectors.forest.admission import DELAY_DAYS, refusal
from detectors.forest.export_path import EXPORT_PATH, observe_export
from detectors.forest.feature_set import FeatureSet
from detectors.forest.life_cycle import LIFE_CYCLE, Observation, observe_life_cycle
from detectors.forest.packing import FloatArray
from detectors.history import Content, VehicleHistory
from detectors.judging import Judgement
from detectors.spikes.tally import Export
from streams.backfill.settled import Settled
from streams.models.manifest import Window

_NEWEST = 0.999  # quantile of the documents' days: one mistyped year must not move the window's end


@dataclass(slots=True)
class Rows:
    """Measured vehicles of one population, ordered by VIN."""

    features: FeatureSet
    values: list[tuple[float, ...]] = field(default_factory=list)
    provinces: list[str] = field(default_factory=list)

    def add(self, observation: Observation) -> None:
        """Take a vehicle in."""
        self.values.append(observation.values)
        self.provinces.append(observation.province)

    def table(self) -> FloatArray:
        """Measured features, shape ``(vehicles, features)``."""
        width = len(self.features.features)
        return np.array(self.values, dtype=np.float64).reshape(len(self.values), width)


@dataclass(slots=True)
class Populations:
    """What a window of documents offers for training.

    Attributes
    ----------
    window
        First and last civil day of its documents.
    offered
        Vehicles in it.
    judgeable
        Vehicles with an export document, so that there is a life cycle to look at.
    reference
        Exports admitted to the reference population: those that no rule finds.
    exports
        Used exports, by the scheme or not.
    refused
        Judgeable vehicles not admitted to the reference, by reason.
    """

    window: Window
    offered: int = 0
    judgeable: int = 0
    reference: Rows = field(default_factory=lambda: Rows(LIFE_CYCLE))
    exports: Rows = field(default_factory=lambda: Rows(EXPORT_PATH))
    refused: Counter[str] = field(default_factory=Counter)


class Measured(NamedTuple):
    """A vehicle with an export to look at."""

    vin: str
    life: Observation | None
    export: Observation | None
    firing: frozenset[str]
    """Ids of the rules that fire on it."""


class PopulationVisitor:
    """Measures the vehicles of a backfill; which fit a population is known when all have been seen."""

    needs: ClassVar[int] = Content.PENDING_EXPORT | Content.CUSTOMS_EXPORT

    def __init__(self) -> None:
        self._vehicles = 0
        self._days: Counter[int] = Counter()
        self._measured: list[Measured] = []

    def see(self, judgement: Judgement, export: Export | None) -> None:  # noqa: ARG002 - a visitor's
        """Measure a vehicle."""
        history = judgement.history
        self._vehicles += 1
        for document in history.documents:
            self._days[document.day] += 1
        if history.content & self.needs:
            firing = frozenset(finding.detector for finding in judgement.firing.values())
            self._measured.append(measure(history, firing))

    def merge(self, other: Self) -> None:
        """Add what another one has measured."""
        self._vehicles += other._vehicles
        self._days += other._days
        self._measured += other._measured

    def add_settled(self, settled: Settled) -> None:
        """Count vehicles that were not opened: none has an export."""
        self._vehicles += settled.vehicles
        self._days += Counter(settled.by_day)

    def populations(self) -> Populations:
        """Sort the vehicles into training populations."""
        first, last = _window(self._days)
        found = Populations(Window(civil_time.day_text(first), civil_time.day_text(last)))
        for vehicle in sorted(self._measured, key=lambda one: one.vin):
            sort_vehicle(found, vehicle, last)
        found.offered = self._vehicles
        return found


def measure(history: VehicleHistory, firing: frozenset[str]) -> Measured:
    """Measure a vehicle on which some rules fire."""
    return Measured(history.vin, observe_life_cycle(history), observe_export(history), firing)


def sort_vehicle(found: Populations, vehicle: Measured, last_day: int) -> None:
    """Let a vehicle into the populations it fits.

    Parameters
    ----------
    found
        Where it goes.
    vehicle
        What was measured of it.
    last_day
        Civil day to which the window's documents reach.
    """
    life, export = vehicle.life, vehicle.export
    if export is not None and last_day - export.closing.day >= DELAY_DAYS:
        found.exports.add(export)
    if life is None:
        return
    found.judgeable += 1
    reason = refusal(life, vehicle.firing, last_day)
    if reason is not None:
        found.refused[reason] += 1
        return
    found.reference.add(life)


def _window(days: Counter[int]) -> tuple[int, int]:
    """First day and last day (but for the latest thousandth) of the documents."""
    if not days:
        return 1, 1
    ordered = sorted(days)
    reached = np.cumsum([days[day] for day in ordered])
    last = int(np.searchsorted(reached, _NEWEST * reached[-1]))
    return ordered[0], ordered[last]
