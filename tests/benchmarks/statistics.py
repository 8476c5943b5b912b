"""Medians with their spread, and ratios of measurements that were taken in pairs."""

import statistics
from collections.abc import Sequence

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """The median of repeated measurements, with the least and the greatest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise values, at least one.

        Raises
        ------
        ValueError
            There is no value.
        """
        if not values:
            raise ValueError("no measurement to summarise; at least one is needed")
        return cls(statistics.median(values), min(values), max(values))


def paired_ratio(values: Sequence[float], beside: Sequence[float]) -> Spread:
    """Ratio of each measurement to the one beside it in the same round.

    What else the machine did in a round slows both, so the ratio hardly moves.

    Raises
    ------
    ValueError
        The measurements do not come in pairs, or one of those beside is zero.
    """
    if len(values) != len(beside):
        raise ValueError(f"{len(values)} measurements beside {len(beside)}; they come in pairs")
    if not all(beside):
        raise ValueError("a measurement of 0 cannot be compared with; measure more documents")
    return Spread.of([value / other for value, other in zip(values, beside, strict=True)])


def percentile(ordered: Sequence[float], share: float) -> float:
    """Value that a share of sorted values does not exceed (nearest rank).

    Raises
    ------
    ValueError
        There is no value.
    """
    if not ordered:
        raise ValueError("no value to take a percentile of; at least one is needed")
    rank = max(0, min(len(ordered) - 1, -(-len(ordered) * share // 1) - 1))
    return ordered[int(rank)]
