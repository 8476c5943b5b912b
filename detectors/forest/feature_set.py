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
    """

    name: str
    label: str
    unit: str
    scale: Scale
    reason: str
    missing: str


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
    """The features of one forest, in the order of its columns: measured ones, then residuals."""

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
        return self.measured + tuple(relation.name for relation in self.relations)

    @property
    def labels(self) -> tuple[str, ...]:
        """What an alert calls each column."""
        return tuple(f.label for f in self.features) + tuple(r.label for r in self.relations)
