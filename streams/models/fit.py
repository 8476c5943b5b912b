"""Whether a model fits the documents that were judged by it."""

from collections.abc import Iterable, Mapping
from typing import Final

from detectors.alerts import Alert
from detectors.forest.admission import QUALITY
from detectors.forest.fit import Fit, measure_fit
from detectors.forest.life_cycle import LIFE_CYCLE, observe_life_cycle
from detectors.forest.trained import ForestModel
from detectors.history import VehicleHistory
from detectors.registry import FORESTS
from streams.models.population import Rows

MOST_LOOKED_AT: Final = 5_000
"""Exports that are enough to tell a share by."""

_NO_RULE: Final = QUALITY | {forest.spec.id for forest in FORESTS}


def fit_of(model: ForestModel, exported: Iterable[VehicleHistory], firing: Mapping[str, Alert]) -> Fit:
    """Say how a model fits: judge the exports that no rule finds.

    Parameters
    ----------
    model
        The model.
    exported
        Vehicles with export documents, all or a fair sample.
    firing
        The alerts that fire on them and on others.
    """
    found = {alert.subject for alert in firing.values() if alert.detector not in _NO_RULE}
    rows = Rows(LIFE_CYCLE)
    for history in exported:
        life = None if history.vin in found else observe_life_cycle(history)
        if life is not None:
            rows.add(life)
    return measure_fit(model.reference, rows.table(), rows.provinces)
