"""The next batch is made ready in a thread while the database is busy with the one before."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Final, TypeVar

T = TypeVar("T")
_TURN_SECONDS: Final = 0.0002


@contextmanager
def short_turns() -> Iterator[None]:
    """Let the thread that writes go on as soon as the database answers.

    By Python's own measure it waits five milliseconds for the thread that prepares, at every statement,
    and the database with it: nothing would be won by preparing ahead.
    """
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def one_ahead(items: Iterator[T]) -> Iterator[T]:
    """Give each item while the next one is worked out in a thread; no more than one is kept ready."""
    with ThreadPoolExecutor(1) as thread, short_turns():
        coming = thread.submit(_next, items)
        while ready := coming.result():
            coming = thread.submit(_next, items)
            yield ready[0]


def _next(items: Iterator[T]) -> list[T]:
    """The next item, or none."""
    return list(islice(items, 1))
