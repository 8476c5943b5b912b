"""From lives to the tables that forests see."""

import numpy as np

from detectors.forest.export_path import observe_export
from detectors.forest.life_cycle import observe_life_cycle
from detectors.history import VehicleHistory
from detectors.registry import Catalogue
from streams.models.manifest import Window
from streams.models.population import Populations, measure, sort_vehicle
from streams.setup.policy import load_policy
from tests.forest import population
from tests.forest.population import TODAY

LAST_DAY = TODAY + 200


def life_cycles(histories: list[VehicleHistory]) -> tuple[np.ndarray, list[str]]:
    """Measured life cycles and provinces."""
    observed = [observe_life_cycle(history) for history in histories]
    return np.array([o.values for o in observed]), [o.province for o in observed]


def exports(histories: list[VehicleHistory]) -> tuple[np.ndarray, list[str]]:
    """Measured exports and provinces."""
    observed = [observe_export(history) for history in histories]
    return np.array([o.values for o in observed]), [o.province for o in observed]


def offered_window(seed: int, ordinary: int, genuine: int, scheme: int) -> list[VehicleHistory]:
    """A window as it comes: domestic lives, genuine used exports, the scheme."""
    return [
        *(life.domestic() for life in population.ordinary(seed, ordinary)),
        *(life.export() for life in population.ordinary(seed + 1, genuine, "G")),
        *(life.export() for life in population.scheme(seed + 2, scheme)),
    ]


def admitted(histories: list[VehicleHistory]) -> Populations:
    """Sort vehicles into populations by the rules that fire on them and the admission rules."""
    found = Populations(Window("2000-01-01", "2026-01-16"))
    catalogue = Catalogue(load_policy())
    for history, verdict in zip(histories, catalogue.judge(histories), strict=True):
        firing = frozenset(f.detector for f in verdict.findings if f.deadline is None)
        found.offered += 1
        sort_vehicle(found, measure(history, firing), LAST_DAY)
    return found
