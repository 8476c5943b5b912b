"""How much one person or program may ask: a bucket of requests for each, which fills up again."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final

MOST_KEPT: Final = 10_000
"""Buckets; the one that was not used for longest goes first, and was full anyway."""


class RateLimit:
    """Buckets by name.

    Parameters
    ----------
    burst
        Requests that may come at once.
    per_second
        Requests that may come in the long run.
    """

    def __init__(self, *, burst: int, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """What is left, and when that was, by name."""

    def wait(self, name: str, now: float) -> int:
        """Take one request; whole seconds to wait until there is one, 0 where there was.

        Parameters
        ----------
        name
            Who asks.
        now
            Seconds of a clock that never goes back.
        """
        left, then = self._buckets.pop(name, (float(self._burst), now))
        left = min(self._burst, left + (now - then) * self._per_second)
        allowed = left >= 1
        self._buckets[name] = (left - 1 if allowed else left, now)
        if len(self._buckets) > MOST_KEPT:
            self._buckets.popitem(last=False)
        return 0 if allowed else math.ceil((1 - left) / self._per_second)
