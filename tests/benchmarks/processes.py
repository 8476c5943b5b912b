"""Programs measured from outside: processor time, wall time and memory of a whole process tree."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_WEIGHED_EVERY = 0.1
"""Seconds."""
_COMMAND = "from streams.cli import main; main()"


class Usage(NamedTuple):
    """What a program took, the processes that it started and waited for included."""

    cpu_seconds: float
    wall_seconds: float
    peak_mib: float
    """Largest resident size of any one of its processes; no less than ours when it started, which a
    program inherits from the one that starts it."""


class ProgramFailedError(RuntimeError):
    """A program under measurement failed; the message holds the end of what it said."""


def zeromile_command(*words: str) -> list[str]:
    """Command line of our own program, by this interpreter."""
    return [sys.executable, "-W", "ignore", "-c", _COMMAND, *words]


def run_reporting(command: Sequence[str]) -> bytes:
    """Run a program to its end and return what it wrote to standard output.

    Raises
    ------
    ProgramFailedError
        It ended with another status than 0.
    """
    done = subprocess.run(list(command), capture_output=True, check=False, stdin=subprocess.DEVNULL)  # noqa: S603 - programs of our own
    if done.returncode:
        raise ProgramFailedError(_failure(command, done.returncode, done.stderr))
    return done.stdout


def _failure(command: Sequence[str], status: int, said: bytes) -> str:
    tail = said.decode("utf-8", "replace")[-2000:]
    return f"{' '.join(command[-6:])} ended with {status}: {tail}"


def run_measured(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    begun_as: Callable[[int], None] = lambda _: None,
) -> Usage:
    """Run a program to its end.

    Parameters
    ----------
    command, environment
        The program, and what is added to its environment.
    begun_as
        Told its process id.

    Raises
    ------
    ProgramFailedError
        It ended with another status than 0.
    """
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - programs of our own
        list(command), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        env=None if environment is None else {**os.environ, **environment},
    )  # fmt: skip
    begun_as(process.pid)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if process.returncode:
        raise ProgramFailedError(_failure(command, process.returncode, said))
    cpu = usage.ru_utime + usage.ru_stime
    return Usage(cpu, time.perf_counter() - begun, usage.ru_maxrss / 1024)


def run_weighed(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Usage:
    """Run a program to its end and weigh all its processes together, many times a second.

    Of a page that several of them share each is charged its part.
    """
    weighed = _Scales()
    with weighed:
        used = run_measured(command, environment, weighed.put)
    return used._replace(peak_mib=weighed.peak)


class _Scales(Thread):
    """Weighs a process and all that descend from it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0.0
        self._pid = 0
        self._done = Event()

    def put(self, pid: int) -> None:
        """Say what is to be weighed."""
        self._pid = pid

    def run(self) -> None:
        while not self._done.wait(_WEIGHED_EVERY):
            if self._pid:
                together = sum(map(_proportional_mib, tree(self._pid)))
                self.peak = max(self.peak, together)

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self.join()


def _proportional_mib(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    found = [pid]
    for parent in found:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in task.read_text("utf-8").split()]
            except OSError:
                continue
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process tree so far; 0 for one that is gone."""
    return sum(_cpu_seconds(member) for member in tree(pid))


def _cpu_seconds(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return 0.0
    fields = text.rsplit(")", 1)[1].split()
    # user and system time, its own and that of children that it has waited for
    return sum(int(field) for field in fields[11:15]) / _TICKS


def peak_mib(pid: int) -> float:
    """Sum of the largest resident sizes of a process tree."""
    return sum(resident_mib("VmHWM", member) for member in tree(pid))


def resident_mib(field: str = "VmRSS", pid: int | None = None) -> float:
    """Resident size of a process now (`VmRSS`) or at its largest (`VmHWM`); 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid or 'self'}/status").read_text("utf-8").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{field}:"))
