"""What libraries say over and over: once, and then how often."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Final

EVERY_SECONDS: Final = 30.0
MOST_KINDS: Final = 1000


class Repeats(logging.Filter):
    """Lets each kind of message of these loggers pass once in a while, with the number left out.

    Without a broker aiokafka and Faust say the same eighty times a second. A kind is what a logger says
    before its values are put in.

    Parameters
    ----------
    loggers
        Names of the loggers, with all below them.
    """

    def __init__(self, loggers: Sequence[str]) -> None:
        super().__init__()
        self._loggers = frozenset(loggers)
        self._passed: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to let it pass; adds how many like it did not."""
        if record.name.partition(".")[0] not in self._loggers:
            return True
        kind = (record.name, record.levelno, str(record.msg).partition("\n")[0])
        passed_at, left_out = self._passed.get(kind, (-EVERY_SECONDS, 0))
        now = time.monotonic()
        if now - passed_at < EVERY_SECONDS:
            self._passed[kind] = (passed_at, left_out + 1)
            return False
        if len(self._passed) >= MOST_KINDS:
            self._passed.clear()
        self._passed[kind] = (now, 0)
        if left_out:
            record.msg = f"{record.getMessage()} (and {left_out} times more since it was said last)"
            record.args = ()
        return True
