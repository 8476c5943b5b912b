"""Who enters the training populations: rules that keep the scheme out of the reference.

Most used exports *are* the anomaly. Measured: a reference population with 8 % of them in it finds 21 %
of the zero-mileage exports instead of 99.7 %; one of exports alone ranks them as the most normal of
all. So a vehicle enters the reference only when it is old enough, plausibly driven, found by no rule,
and late enough for corrections to have arrived.
"""

from typing import Final, Literal

from detectors.documents import Deregistration, Document
from detectors.forest.life_cycle import LIFE_CYCLE, Observation

Refusal = Literal[
    "rule_finding",
    "lost_or_revoked",
    "too_recent",
    "too_young",
    "odometer_not_read",
    "odometer_implausible",
]
"""Why a vehicle does not enter the reference population."""

DELAY_DAYS: Final = 60
"""Days between the closing document and the newest document of the window: corrections, withdrawals and
deregistrations come in that time."""
LEAST_AGE_DOMESTIC: Final = 180
"""Days from registration to resale; the letter rule's own border between new and used."""
LEAST_AGE_EXPORT: Final = 365
"""The same for an export: clear of cars parked until day 180 and of those who wait a little longer."""
LEAST_KM_A_DAY: Final = 3.0
MOST_KM_A_DAY: Final = 400.0
"""Distances that somebody who uses a car drives: 1,000 km a year to a taxi's."""

QUALITY: Final = frozenset(
    {"vin_quality", "implausible_reading", "dropped_value", "revision_conflict", "overfull_history"}
)
"""Findings about the documents, not the life: they keep nobody out."""


def refusal(observation: Observation, firing: frozenset[str], last_day: int) -> Refusal | None:
    """Say why a vehicle is not admitted to the reference population, ``None`` if it is.

    Parameters
    ----------
    observation
        Its life cycle.
    firing
        Ids of the rules that fire on the vehicle.
    last_day
        Civil day to which the window's documents reach.
    """
    if firing - QUALITY or _was_cut_short(observation.closing):
        return "rule_finding" if firing - QUALITY else "lost_or_revoked"
    if last_day - observation.closing.day < DELAY_DAYS:
        return "too_recent"
    age, kilometres = observation.values[_AGE], observation.values[_ODOMETER]
    if age < (LEAST_AGE_EXPORT if observation.exported else LEAST_AGE_DOMESTIC):
        return "too_young"
    if kilometres != kilometres:  # noqa: PLR0124 - NaN: nobody read it
        return "odometer_not_read" if observation.exported else None
    if not LEAST_KM_A_DAY <= kilometres / age <= MOST_KM_A_DAY:
        return "odometer_implausible"
    return None


def _was_cut_short(closing: Document) -> bool:
    """A theft or a registration taken back ends a life, and is no ordinary end of one."""
    return isinstance(closing, Deregistration) and closing.reason in {"lost", "revoked"}


_AGE = LIFE_CYCLE.measured.index("age_days")
_ODOMETER = LIFE_CYCLE.measured.index("odometer_km")
