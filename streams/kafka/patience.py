"""Waiting for what fails and may come back: longer after each failure, said once and then how often."""

from __future__ import annotations

import time
from typing import Final

import structlog

FIRST_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 5.0
SAY_EVERY_SECONDS: Final = 30.0


class Patience:
    """Counts the failures of one thing in a row, says how long to wait, and keeps the log short.

    Parameters
    ----------
    log
        Where the first failure is said, then how many there were, then that it works again.
    event
        What fails, as the log has it.
    about
        What tells it from others in the log: a partition, a topic.
    """

    def __init__(self, log: structlog.stdlib.BoundLogger, event: str, **about: object) -> None:
        self._log = log
        self._event = event
        self._about = about
        self._said_at = 0.0
        self._since = 0.0
        self.failures = 0
        """Failures since it worked last."""
        self.error: str | None = None
        """The last of them; None while it works."""

    @property
    def seconds(self) -> float:
        """How long it has been failing; 0 while it works."""
        return time.monotonic() - self._since if self.failures else 0.0

    def failed(self, error: BaseException) -> float:
        """Note a failure; returns the seconds to wait before the next attempt."""
        now = time.monotonic()
        if not self.failures:
            self._since = now
        self.failures += 1
        self.error = str(error) or type(error).__name__
        if self.failures == 1 or now - self._said_at >= SAY_EVERY_SECONDS:
            self._said_at = now
            self._say(now - self._since)
        return min(FIRST_SECONDS * 2.0 ** min(self.failures - 1, 10), LONGEST_SECONDS)

    def worked(self) -> None:
        """Note that it works, again or still."""
        if self.failures > 1:
            self._log.warning(
                f"{self._event}: works again",
                failures=self.failures,
                seconds=round(self.seconds, 1),
                **self._about,
            )
        self.failures, self.error = 0, None

    def _say(self, seconds: float) -> None:
        often = {} if self.failures == 1 else {"failures": self.failures, "seconds": round(seconds, 1)}
        self._log.warning(self._event, error=self.error, **often, **self._about)
