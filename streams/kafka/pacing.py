"""How fast to publish: as fast as possible, at a rate, or along the documents' own time."""

from __future__ import annotations

import time
from collections.abc import Callable


class Pace:
    """Waits before a document where it would be too early.

    Parameters
    ----------
    rate
        Documents a second, None for no limit.
    speed
        Event seconds a second, for example 60 to see an hour in a minute; None not to follow
        event time.
    clock, sleep
        For tests.
    """

    def __init__(
        self,
        rate: float | None = None,
        speed: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._started = clock()
        self._first_event: float | None = None
        self._documents = 0

    def wait(self, event_time: float | None) -> None:
        """Sleep until the next document is due."""
        due = 0.0
        if self._rate is not None:
            due = self._documents / self._rate
        if self._speed is not None and event_time is not None:
            if self._first_event is None:
                self._first_event = event_time
            due = max(due, (event_time - self._first_event) / self._speed)
        self._documents += 1
        ahead = due - (self._clock() - self._started)
        if ahead > 0:
            self._sleep(ahead)
