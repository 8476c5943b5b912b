"""Who enters the reference population: exports that no rule finds, whatever their age.

Most used exports *are* the anomaly. Measured: a reference population with 8 % of them in it finds 21 %
of the zero-mileage exports instead of 99.7 %; one of exports alone ranks them as the most normal of
all. So the rules keep the scheme out of the population, and what the rules let through is not learnt
from while it is young or hardly driven. It is *compared with* all the same: p-values are shares of all
exports that no rule finds, of any age. A limit that holds for those who are compared with and not for
those who are judged would break their promise.
"""

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from detectors.forest.life_cycle import LIFE_CYCLE, Observation
from detectors.forest.packing import FloatArray

Refusal = Literal["rule_finding", "too_recent"]
"""Why an export does not enter the reference population."""

DELAY_DAYS: Final = 60
"""Days between the closing document and the newest document of the window: corrections, withdrawals and
deregistrations come in that time."""

LEAST_AGE: Final = 365
"""Days from registration to export from which one is learnt from: clear of cars parked until day 180
and of those who wait a little longer."""
LEAST_KM_A_DAY: Final = 3.0
MOST_KM_A_DAY: Final = 400.0
"""Distances that somebody who uses a car drives: 1,000 km a year to a taxi's."""

QUALITY: Final = frozenset(
    {"vin_quality", "implausible_reading", "dropped_value", "revision_conflict", "overfull_history"}
)
"""Findings about the documents, not the life: they keep nobody out."""


def refusal(observation: Observation, firing: frozenset[str], last_day: int) -> Refusal | None:
    """Say why an export is not admitted to the reference population, ``None`` if it is.

    Parameters
    ----------
    observation
        Its life cycle.
    firing
        Ids of the rules that fire on the vehicle.
    last_day
        Civil day to which the window's documents reach.
    """
    if firing - QUALITY:
        return "rule_finding"
    return "too_recent" if last_day - observation.closing.day < DELAY_DAYS else None


def learnt_from(values: FloatArray) -> npt.NDArray[np.bool_]:
    """Which admitted exports the forest is grown on: a year old, plausibly driven or not read.

    Parameters
    ----------
    values
        Measured life-cycle features, shape ``(exports, features)``.
    """
    age = values[:, LIFE_CYCLE.measured.index("age_days")]
    a_day = values[:, LIFE_CYCLE.measured.index("odometer_km")] / np.maximum(age, 1.0)
    driven = np.isnan(a_day) | ((a_day >= LEAST_KM_A_DAY) & (a_day <= MOST_KM_A_DAY))
    result: npt.NDArray[np.bool_] = (age >= LEAST_AGE) & driven
    return result
