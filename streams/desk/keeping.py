"""Answers that are dear to work out over a large store: kept for a while, or as long as they hold."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Final, TypeVar

Answer = TypeVar("Answer")

ASKED_LATELY: Final = timedelta(minutes=10)
MOST_KEPT: Final = 200


class Kept:
    """Answers by name.

    The first who asks waits for it; whoever asks later gets what was last worked out, a refresh old.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: dict[Hashable, tuple[Any, Callable[[], Any], datetime]] = {}
        """Answer, how it is worked out, and when it was asked for last."""

    def get(self, name: Hashable, make: Callable[[], Answer], now: datetime) -> Answer:
        """The answer of a name, worked out if it is not kept."""
        with self._lock:
            known = self._made.pop(name, None)
            answer: Answer = make() if known is None else known[0]
            self._made[name] = answer, make, now
            if len(self._made) > MOST_KEPT:
                del self._made[next(iter(self._made))]
            return answer

    def refresh(self, now: datetime) -> None:
        """Work out anew what was asked for lately, and forget the rest."""
        for name, (_, make, asked_at) in list(self._made.items()):
            if now - asked_at > ASKED_LATELY:
                self._made.pop(name, None)
                continue
            answer = make()
            with self._lock:
                if name in self._made:
                    self._made[name] = answer, make, self._made[name][2]


class Unchanged:
    """One answer, kept for as long as what it depends on stays as it is."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._made: tuple[Hashable, Any] | None = None

    def get(self, depends_on: Hashable, make: Callable[[], Answer]) -> Answer:
        """The answer; who asks while it is worked out waits for it."""
        with self._lock:
            if self._made is None or self._made[0] != depends_on:
                self._made = depends_on, make()
            answer: Answer = self._made[1]
            return answer
