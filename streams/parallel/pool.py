"""The worker processes: started, spoken to, and ended whatever happens."""

import multiprocessing
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

from streams.parallel import messages
from streams.parallel.channel import Channel, channel
from streams.parallel.errors import WorkerError
from streams.parallel.messages import End, Failed, Judge, Request, Response
from streams.parallel.worker import run

_PATIENCE: Final = 10.0
"""Seconds that a process has to end by itself."""

Answer = TypeVar("Answer")


class Pool:
    """A fixed number of worker processes; to be used in a ``with`` statement.

    Parameters
    ----------
    workers
        How many.
    judge
        How they come by their detectors.
    directory
        Where they keep their vehicles; in memory without one.
    """

    def __init__(self, workers: int, judge: Judge, directory: Path | None = None) -> None:
        self._directory = directory
        self._judge = judge
        self._wanted = workers
        self._processes: list[BaseProcess] = []
        self._channels: list[Channel] = []

    def __enter__(self) -> "Pool":
        try:
            with _uninterrupted():
                for number in range(1, self._wanted + 1):
                    self._start(number)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._let_end()
        self._stop()

    def __len__(self) -> int:
        return self._wanted

    def tell_all(self, requests: Sequence[Request]) -> None:
        """Send every worker its request.

        Raises
        ------
        WorkerError
            If a worker cannot go on or is gone.
        OSError
            There is no room for the request.
        """
        for worker, request in enumerate(requests):
            try:
                self._channels[worker].send(messages.encode(request))
            except (BrokenPipeError, ConnectionResetError):
                # It may have said why before it went.
                while True:
                    self._receive(worker)

    def ask(self, worker: int, request: Request, expected: type[Answer]) -> Answer:
        """Ask one worker and wait for its answer."""
        self._channels[worker].send(messages.encode(request))
        return self._answer(worker, expected)

    def answers(self, expected: type[Answer]) -> list[Answer]:
        """Wait for the next answer of every worker.

        Raises
        ------
        WorkerError
            If a worker cannot go on or is gone.
        """
        return [self._answer(worker, expected) for worker in range(len(self))]

    def _answer(self, worker: int, expected: type[Answer]) -> Answer:
        answer = self._receive(worker)
        assert isinstance(answer, expected)  # noqa: S101 - requests are answered in turn
        return answer

    def _receive(self, worker: int) -> Response:
        try:
            answer: Response = messages.decode_response(self._channels[worker].receive())
        except (EOFError, OSError):
            process = self._processes[worker]
            process.join(_PATIENCE)
            how = _ending(process.exitcode)
            raise WorkerError(f"worker {worker + 1} of {len(self)} is gone: {how}") from None
        if isinstance(answer, Failed):
            raise WorkerError(f"worker {worker + 1} of {len(self)}: {answer.message}")
        return answer

    def _start(self, number: int) -> None:
        # A fresh interpreter: a fork would copy the locks of threads that draw a progress bar or
        # multiply matrices.
        context = multiprocessing.get_context("spawn")
        ours, theirs = channel()
        self._channels.append(ours)
        vehicles = None if self._directory is None else self._directory / f"vehicles-{number}"
        process = context.Process(
            target=run,
            args=(theirs, self._judge, vehicles),
            name=f"zeromile worker {number}",
            daemon=True,
        )
        try:
            process.start()
        finally:
            theirs.close()
        self._processes.append(process)

    def _let_end(self) -> None:
        """Let the processes leave by themselves."""
        for ours in self._channels:
            with suppress(OSError):  # it is gone already
                ours.send(messages.encode(End()))
        for process in self._processes:
            process.join(_PATIENCE)

    def _stop(self) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(_PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        for ours in self._channels:
            ours.close()
        self._processes.clear()
        self._channels.clear()


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"it was ended by {signal.Signals(-code).name}"
    return f"it left with exit code {code}"


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach, from their first moment on; it comes afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Starts a process of its own where there is none yet, and lets signals through after it.
    resource_tracker.ensure_running()
    interruptions: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: interruptions.append(number))
    # What is started inherits the mask, not the handler.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.signal(signal.SIGINT, before)
        if interruptions:
            signal.raise_signal(signal.SIGINT)
