"""What a feature is: its name, unit, reason, and how its values are put on a scale."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from detectors.country import CHINA

Scale = Literal["log", "linear"]
MONEY: Final = CHINA.currency
"""Unit of amounts of money in a model; findings name the currency of the policy's country."""


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
        When the documents do not state it.
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


@dataclass(frozen=True)
class FeatureSet:
    """The features of one forest; its columns are the seen measured ones, then the residuals."""

    name: str
    features: tuple[Feature, ...]
    relations: tuple[Relation, ...]

    @cached_property
    def measured(self) -> tuple[str, ...]:
        """Names of the measured features."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns of the forest."""
        seen = tuple(feature.name for feature in self.features if feature.seen)
        return seen + tuple(relation.name for relation in self.relations)

    @cached_property
    def seen(self) -> list[int]:
        """Positions of the seen features among the measured ones."""
        return [number for number, feature in enumerate(self.features) if feature.seen]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """What an alert calls each column."""
        seen = tuple(feature.label for feature in self.features if feature.seen)
        return seen + tuple(relation.label for relation in self.relations)

    @cached_property
    def behind(self) -> list[int]:
        """Position of the measured feature behind each column, for a residual that of its target."""
        return [*self.seen, *self.targets]

    @cached_property
    def described(self) -> list[tuple[str, str]]:
        """Label of each column, and unit of the measured feature behind it."""
        units = [self.features[position].unit for position in self.behind]
        return list(zip(self.labels, units, strict=True))

    @cached_property
    def logarithmic(self) -> npt.NDArray[np.bool_]:
        """Which measured features are on a logarithmic scale."""
        return np.array([feature.scale == "log" for feature in self.features])

    @cached_property
    def targets(self) -> list[int]:
        """Position of each relation's target among the measured features."""
        return [self.measured.index(relation.target) for relation in self.relations]

    @cached_property
    def given(self) -> list[list[int]]:
        """Positions of each relation's given features among the measured ones."""
        return [[self.measured.index(name) for name in relation.given] for relation in self.relations]
