"""Shares and delays."""

from collections.abc import Iterable

import numpy as np

from streams.evaluation.score import Delay


def share(part: int, whole: int) -> float | None:
    """Part of a whole, ``None`` of nothing."""
    return round(part / whole, 6) if whole else None


def delay(days: Iterable[int | None]) -> Delay | None:
    """Median and 95th percentile of the known delays."""
    known = [day for day in days if day is not None]
    if not known:
        return None
    median, p95 = np.percentile(known, [50, 95])
    return Delay(round(float(median), 2), round(float(p95), 2))
