"""The next batch is made ready in a thread while the database is busy with the one before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def one_ahead(items: Iterator[T]) -> Iterator[T]:
    """Give each item while the next one is worked out in a thread; no more than one is kept ready."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(_next, items)
        while ready := coming.result():
            coming = thread.submit(_next, items)
            yield ready[0]


def _next(items: Iterator[T]) -> list[T]:
    """The next item, or none."""
    return list(islice(items, 1))
