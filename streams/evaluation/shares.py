"""Shares with their intervals, and delays."""

from collections.abc import Iterable

import msgspec
import numpy as np


class WilsonShare(msgspec.Struct, frozen=True):
    """So many of so many, with Wilson's 95 % interval; the last three are ``None`` of nothing."""

    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


class Delay(msgspec.Struct, frozen=True):
    """Days from a point in time to the first alert."""

    median: float
    p95: float


def share(count: int, of: int) -> WilsonShare:
    """A share; every figure is rounded to the sixth digit."""
    if not of:
        return WilsonShare(count, of, None, None, None)
    from scipy.stats import binomtest  # noqa: PLC0415 - takes a second to import, and not every run scores

    interval = binomtest(count, of).proportion_ci(method="wilson")
    return WilsonShare(
        count, of, *(round(float(x), 6) for x in (count / of, interval.low, interval.high))
    )


def ratio(part: int, whole: int) -> float | None:
    """Part of a whole, ``None`` of nothing."""
    return round(part / whole, 6) if whole else None


def delay(days: Iterable[int | None]) -> Delay | None:
    """Median and 95th percentile of the known delays."""
    known = [day for day in days if day is not None]
    if not known:
        return None
    median, p95 = np.percentile(known, [50, 95])
    return Delay(round(float(median), 2), round(float(p95), 2))
