"""Files that a command writes: never one that it reads, and never half of one under its name."""

import errno
import os
import shutil
import signal
import stat
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final

from detectors.errors import ZeromileError

STANDARD_OUTPUT: Final = Path("-")
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_ENDING: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that end a process without a word, which would leave unfinished files lying about."""

Identity = tuple[int, int]
"""Device and inode: the same file under whatever name, also through links."""


class OutputError(ZeromileError):
    """An output that must not be written: it is an input, another output, or there already."""


class WriteError(ZeromileError):
    """An output that could not be written to its end; nothing stands under its name."""


class Outputs:
    """Outputs of one command, to be used in a ``with`` statement.

    On entry all of them are checked before anything is opened. What is written goes to a file beside
    each, and takes its name when the statement ends well. After an error, Ctrl-C or SIGTERM no
    name has changed and nothing is left over. ``-`` is standard output, which gets everything
    when the statement ends well; a pipe or device that is there is written to directly.

    Parameters
    ----------
    wanted
        Path by option (``--alerts``); ``None`` for not wanted.
    inputs
        Files that the command reads, ``-`` for standard input, ``None`` for none; of a folder all
        files count.
    force
        Whether a file that is there may be replaced. An input never may.
    """

    def __init__(
        self, wanted: Mapping[str, Path | None], inputs: Iterable[Path | None] = (), *, force: bool
    ) -> None:
        self._wanted = wanted
        self._inputs = [path for path in inputs if path is not None]
        self._force = force
        self._written: dict[str, _Written] = {}
        self._handlers = ExitStack()

    @property
    def use_standard_output(self) -> bool:
        """Whether one of the outputs is standard output, which then takes nothing else."""
        return STANDARD_OUTPUT in self._wanted.values()

    def __getitem__(self, option: str) -> Path | None:
        """Where to write what an option wants; ``None`` if it wants nothing."""
        written = self._written.get(option)
        return None if written is None else written.beside

    def path(self, option: str) -> Path:
        """Where to write what an option wants that cannot be left out."""
        return self._written[option].beside

    def __enter__(self) -> "Outputs":
        wanted = {option: path for option, path in self._wanted.items() if path is not None}
        check_outputs(wanted, self._inputs, force=self._force)
        self._handlers.enter_context(_orderly_end())
        try:
            for option, path in wanted.items():
                self._written[option] = _Written(path)  # known before it is there: a signal may come
                self._written[option].open(option)
        except BaseException:
            self._discard()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                for written in self._written.values():
                    written.finish()
        except OSError as late:
            raise self._explained(late) from late
        finally:
            self._discard()
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise self._explained(error) from error

    def _discard(self) -> None:
        for written in self._written.values():
            written.discard()
        self._handlers.close()

    def _explained(self, error: OSError) -> WriteError:
        names = ", ".join(str(written.path) for written in self._written.values()) or "the output"
        return WriteError(
            f"cannot write {names}: {error.strerror}; nothing was written under that name"
        )


class _Written:
    """One output and the file that is written in its place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        there = _status(path)
        self._temporary = path == STANDARD_OUTPUT or there is None or stat.S_ISREG(there.st_mode)
        # a link goes on pointing where it does
        self._target = path.resolve() if self._temporary else path
        self._mode = None if there is None else stat.S_IMODE(there.st_mode)
        self.beside = self._target if not self._temporary else self._beside()

    def _beside(self) -> Path:
        # the name keeps its end: .gz says how it is written
        if self.path == STANDARD_OUTPUT:
            return Path(tempfile.gettempdir(), f".new-{os.getpid()}-zeromile")
        return self._target.with_name(f".new-{os.getpid()}-{self._target.name}")

    def open(self, option: str) -> None:
        """Make the file that is written, so that a place where none can be is told before the work."""
        if not self._temporary:
            return
        mode = 0o600 if self.path == STANDARD_OUTPUT else 0o666
        try:
            os.close(os.open(self.beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))
            if self._mode is not None and self.path != STANDARD_OUTPUT:
                if not os.access(self._target, os.W_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                self.beside.chmod(self._mode)
        except OSError as error:
            raise OutputError(f"{option}: cannot write {self.path}: {error.strerror}") from error

    def finish(self) -> None:
        """Let what was written take its name."""
        if self.path == STANDARD_OUTPUT:
            sys.stdout.flush()
            with self.beside.open("rb") as file:
                shutil.copyfileobj(file, sys.stdout.buffer)
            sys.stdout.flush()
        elif self._temporary:
            descriptor = os.open(self.beside, os.O_RDONLY)
            try:
                os.fsync(descriptor)  # some file systems tell of a full disk only now
            finally:
                os.close(descriptor)
            self.beside.replace(self._target)

    def discard(self) -> None:
        """Remove what was written and has not taken its name."""
        if self._temporary:
            self.beside.unlink(missing_ok=True)


def check_outputs(wanted: Mapping[str, Path], inputs: Iterable[Path] = (), *, force: bool) -> None:
    """Refuse outputs that are an input or another output, lie nowhere, or are there already.

    Raises
    ------
    OutputError
        Names option and path, and what to do.
    """
    taken: dict[Identity | Path | None, str] = {}
    for path in inputs:
        for name, identity in _identities_of_input(path):
            taken.setdefault(identity, f"{name}, which is read")
    for option, path in wanted.items():
        if path != STANDARD_OUTPUT and not path.parent.is_dir():
            raise OutputError(f"{option}: the folder {path.parent} does not exist")
        if path != STANDARD_OUTPUT and path.is_dir():
            raise OutputError(f"{option}: {path} is a folder; allowed is the name of a file")
        same = _identity_of_output(path)
        if same in taken:
            raise OutputError(f"{option}: {path} is the same file as {taken[same]}; give another name")
        if same is not None:
            taken[same] = f"{path} of {option}"
    for option, path in wanted.items():
        if not force and path != STANDARD_OUTPUT and path.is_file():
            raise OutputError(f"{option}: {path} is there already; --force replaces it")


def _identities_of_input(path: Path) -> Iterable[tuple[str, Identity | Path]]:
    if path == STANDARD_OUTPUT:
        files = [("standard input", _status_of_stream(sys.stdin))]
    elif path.is_dir():
        files = [(str(file), _status(file)) for file in path.iterdir()]
    else:
        files = [(str(path), _status(path))]
    return [
        (name, (found.st_dev, found.st_ino))
        for name, found in files
        if found is not None and stat.S_ISREG(found.st_mode)
    ]


def _identity_of_output(path: Path) -> Identity | Path | None:
    """What the same output has in common under all its names; ``None`` where it may be used twice."""
    found: os.stat_result | None
    if path == STANDARD_OUTPUT:
        found = _status_of_stream(sys.stdout)
        if found is None or not stat.S_ISREG(found.st_mode):
            return STANDARD_OUTPUT
    else:
        found = _status(path)
        if found is None:
            return path.resolve()
        if stat.S_ISCHR(found.st_mode):
            return None
    return (found.st_dev, found.st_ino)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _status_of_stream(stream: object) -> os.stat_result | None:
    try:
        return os.fstat(stream.fileno())  # type: ignore[attr-defined] # a stream without one raises
    except (OSError, ValueError, AttributeError):
        return None


def _orderly_end() -> ExitStack:
    """Let signals that end the process unwind it first; only the main thread can say so."""
    stack = ExitStack()
    if threading.current_thread() is threading.main_thread():
        for number in _ENDING:
            if signal.getsignal(number) is signal.SIG_DFL:
                stack.callback(signal.signal, number, signal.signal(number, _leave))
    return stack


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
