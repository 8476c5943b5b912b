"""Work shared out to processes, its results in the order of the work."""

import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

from detectors.errors import ZeromileError

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")
Shared = TypeVar("Shared")

_AHEAD: Final = 3
"""Tasks a process may be behind: memory stays bounded, and nobody waits."""


class ProcessesError(ZeromileError):
    """A process that ended before its work was done."""


class Processes(Generic[Shared]):
    """Processes that are started when there is work for more than one.

    Parameters
    ----------
    number
        How many; one works in this process itself.
    shared
        What every task needs, handed over once.
    """

    def __init__(self, number: int, shared: Shared) -> None:
        self._number = number
        self._shared = shared
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def map(self, work: Callable[[Shared, Task], Outcome], tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Do tasks side by side; their outcomes come in the order of the tasks.

        Raises
        ------
        ProcessesError
            If a process is ended from outside, for want of memory for example.
        """
        waiting: deque[Future[Outcome]] = deque()
        todo = iter(tasks)
        first = next(todo, None)
        if first is None:
            return
        second = next(todo, None) if self._number > 1 else None
        if second is None:
            yield work(self._shared, first)
            for task in todo:
                yield work(self._shared, task)
            return
        try:
            if self._pool is None:  # the first is done here while a process starts for the second
                waiting.append(self._submit(work, second))
                yield work(self._shared, first)
            else:
                waiting.extend(self._submit(work, task) for task in (first, second))
            for task in todo:
                waiting.append(self._submit(work, task))
                if len(waiting) > self._number * _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise ProcessesError(
                "a process that read or judged documents was ended from outside, perhaps because "
                "memory ran short; nothing was written. Fewer --workers take less memory."
            ) from None

    def _submit(self, work: Callable[[Shared, Task], Outcome], task: Task) -> "Future[Outcome]":
        if self._pool is None:
            # Started anew rather than forked: a forked process may inherit a lock that a thread holds.
            self._pool = ProcessPoolExecutor(
                self._number, get_context("spawn"), _prepare, (self._shared,)
            )
        return self._pool.submit(_run, work, task)


_kept: list[Any] = []
"""What every task in this process needs."""


def _prepare(shared: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interruption ends
    gc.disable()  # looking for cycles on the way takes a fifth of the time: `_run` does so at the end
    _kept[:] = [shared]
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed says nothing, and its processes would wait for ever."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _run(work: Callable[[Any, Any], Any], task: object) -> Any:
    outcome = work(_kept[0], task)
    gc.collect(0)  # of this task alone
    return outcome
