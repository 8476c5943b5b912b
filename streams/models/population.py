"""Training populations from recorded streams: join, judge by rules, admit or refuse."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from detectors import civil_time
from detectors.forest.admission import DELAY_DAYS, refusal
from detectors.forest.export_path import EXPORT_PATH, observe_export
from detectors.forest.feature_set import FeatureSet
from detectors.forest.life_cycle import LIFE_CYCLE, Observation, observe_life_cycle
from detectors.forest.packing import FloatArray
from detectors.history import VehicleHistory
from streams.engine.engine import Engine
from streams.models.manifest import Window
from streams.state import record as records

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


def gather(engine: Engine) -> Populations:
    """Sort the vehicles of an engine that has read a window into training populations.

    Parameters
    ----------
    engine
        Its alerts say which rules fire on a vehicle.
    """
    first, last = _window(engine)
    found = Populations(Window(civil_time.day_text(first), civil_time.day_text(last)))
    for history, firing in _vehicles(engine):
        sort_vehicle(found, history, firing, last)
    return found


def sort_vehicle(
    found: Populations, history: VehicleHistory, firing: frozenset[str], last_day: int
) -> None:
    """Count a vehicle and let it into the populations it fits.

    Parameters
    ----------
    found
        Where it goes.
    history, firing
        The vehicle, and the ids of the rules that fire on it.
    last_day
        Civil day to which the window's documents reach.
    """
    found.offered += 1
    export = observe_export(history)
    if export is not None and last_day - export.closing.day >= DELAY_DAYS:
        found.exports.add(export)
    life = observe_life_cycle(history)
    if life is None:
        return
    found.judgeable += 1
    reason = refusal(life, firing, last_day)
    if reason is not None:
        found.refused[reason] += 1
        return
    found.reference.add(life)


def _vehicles(engine: Engine) -> Iterator[tuple[VehicleHistory, frozenset[str]]]:
    for vin in sorted(engine.store.vins()):
        data = engine.store.get(vin)
        if data is None:
            continue
        record = records.decode(data)
        firing = {alert.finding.detector for alert in record.alerts if alert.finding is not None}
        yield VehicleHistory(vin, record.filed, overfull=record.overfull), frozenset(firing)


def _window(engine: Engine) -> tuple[int, int]:
    """First day and last day (but for the latest thousandth) of the documents."""
    days = Counter(
        entry.document.day
        for vin in engine.store.vins()
        if (data := engine.store.get(vin)) is not None
        for entry in records.decode(data).filed
    )
    if not days:
        return 1, 1
    ordered = sorted(days)
    reached = np.cumsum([days[day] for day in ordered])
    last = int(np.searchsorted(reached, _NEWEST * reached[-1]))
    return ordered[0], ordered[last]
