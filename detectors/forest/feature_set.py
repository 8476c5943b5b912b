"""What a feature is: its name, unit, reason, and how its values are put on a scale."""

from dataclasses import dataclass
from typing import Literal

Scale = Literal["log", "linear"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One measured property of a life cycle.

    Attributes
    ----------
    name
        Stable name, snake case, with the unit at its end.
    label
        What an alert calls it.
    unit
        Unit of the value as measured, empty for counts and shares.
    scale
        ``log``: compared as ``ln(1 + value)`` (times, distances and prices spread over orders of
        magnitude); ``linear``: as it is.
    reason
        Why it tells an ordinary life cycle from another.
    missing
        When the papers do not state it.
    seen
        Whether the forest cuts it directly; others only serve relations. Every further column dilutes
        the cuts of the others (measured: 14 columns instead of 8 lose two thirds of the single faults
        in the first price).
    """

    name: str
    label: str
    unit: str
    scale: Scale
    reason: str
    missing: str
    seen: bool = True


@dataclass(frozen=True, slots=True)
class Relation:
    """A feature seen against others: what it is beyond what they let expect.

    The expected value is the median regression of `target` on `given` (both on their scales) in the
    reference population; the residual is one more column. A forest cuts one feature at a time and
    hardly sees that 150 km are nothing in themselves but impossible after five years; a residual
    shows it in one cut.
    """

    name: str
    label: str
    target: str
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeatureSet:
    """The features of one forest; its columns are the seen measured ones, then the residuals."""

    name: str
    features: tuple[Feature, ...]
    relations: tuple[Relation, ...]

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of the measured features."""
        return tuple(feature.name for feature in self.features)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns of the forest."""
        seen = tuple(feature.name for feature in self.features if feature.seen)
        return seen + tuple(relation.name for relation in self.relations)

    @property
    def seen(self) -> list[int]:
        """Positions of the seen features among the measured ones."""
        return [number for number, feature in enumerate(self.features) if feature.seen]

    @property
    def labels(self) -> tuple[str, ...]:
        """What an alert calls each column."""
        seen = tuple(feature.label for feature in self.features if feature.seen)
        return seen + tuple(relation.label for relation in self.relations)
