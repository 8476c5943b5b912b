"""The score card: plain records, the same for the table and for JSON.

An alert *accuses* where it is not on trial and of severity medium or above. It is right on a scheme and
wrong on everything else; nothing is tolerated. Where documents got lost, figures of the vehicles whose
documents are all there (`complete`) stand beside those of all.
"""

import msgspec

from streams.evaluation.shares import Delay, WilsonShare


class KindScore(msgspec.Struct, frozen=True):
    """Schemes, innocent oddities or ordinary vehicles: how many are accused."""

    kind: str
    vehicles: int
    accused: WilsonShare
    accused_complete: WilsonShare


class StoryScore(msgspec.Struct, frozen=True):
    """One class of vehicles.

    Attributes
    ----------
    accused, accused_complete
        Vehicles with an accusing alert at the end, of all and of those with all documents.
    mentioned
        Vehicles with any alert that is not on trial, low ones included.
    told_by
        Detectors that accuse, and how many of the vehicles.
    days
        Days from the vehicle's first visible document to the first accusation.
    examples
        Schemes that nobody accuses, innocents that somebody does.
    """

    kind: str
    story: str
    vehicles: int
    accused: WilsonShare
    accused_complete: WilsonShare
    mentioned: int
    told_by: dict[str, int]
    days: Delay | None
    examples: tuple[str, ...]


class DetectorScore(msgspec.Struct, frozen=True):
    """One detector at one severity: how many of its vehicles are schemes."""

    detector: str
    severity: str
    on_trial: bool
    alerts: int
    right: WilsonShare
    right_complete: WilsonShare
    by_kind: dict[str, int]


class BudgetScore(msgspec.Struct, frozen=True):
    """Of the first so many vehicles in an order, how many are schemes."""

    order: str
    budget: int
    right: WilsonShare


class BaseRateScore(msgspec.Struct, frozen=True):
    """Precision of an accusation where schemes are as rare as in life."""

    base_rate: float
    precision: float | None
    low: float | None
    high: float | None


class SpikeScore(msgspec.Struct, frozen=True):
    """Provincial spikes: found ones, alerts outside any, stream days from begin to alert."""

    detector: str
    spikes: int
    found: int
    recall: float | None
    alerts: int
    wrong: int
    precision: float | None
    days_to_detection: Delay | None
    missed: tuple[str, ...]
    outside: tuple[str, ...]
    """Alerts outside any injected spike: province and day."""
    wrong_in_rush: int
    """Wrong alerts in weeks in which a policy pulled the exports of all provinces forward."""


class RefusalScore(msgspec.Struct, frozen=True):
    """Unreadable lines: sent, refused, refused although readable."""

    malformed: int
    refused: int
    passed: int
    refused_wrongly: int
    by_reason: dict[str, dict[str, int]]


class Score(msgspec.Struct, frozen=True):
    """The whole score card."""

    documents: int | None
    vehicles: int
    detector_errors: int
    kinds: tuple[KindScore, ...]
    stories: tuple[StoryScore, ...]
    detectors: tuple[DetectorScore, ...]
    alerts_per_thousand: dict[str, float]
    """Alerts not on trial per 1,000 vehicles, by severity."""
    vehicles_accused_a_week: float | None
    """How many vehicles are accused for the first time, in a week of the stream on average."""
    budgets: tuple[BudgetScore, ...]
    at_base_rate: BaseRateScore
    spikes: tuple[SpikeScore, ...]
    refusals: RefusalScore | None
