"""Recorded streams: JSON Lines, plain or gzip, from files or standard input."""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

from detectors.errors import ZeromileError

STANDARD_INPUT: Final = Path("-")
_GZIP_MAGIC: Final = b"\x1f\x8b"
_LONGEST_LINE: Final = 1 << 20
"""Longer lines are cut: they are refused anyway, and memory stays bounded."""

Advance = Callable[[int], None]
"""Told how many bytes of the file on disk have been read so far."""


class ReadError(ZeromileError):
    """A recorded stream that cannot be read."""


class Line(NamedTuple):
    """One document of a recorded stream."""

    value: bytes
    file: str
    number: int
    """Line number, from 1."""


def read_lines(path: Path, advance: Advance | None = None) -> Iterator[Line]:
    """Read a recorded stream line by line; blank lines are passed over.

    Raises
    ------
    ReadError
        If the file cannot be opened or its compression is broken.
    """
    try:
        with _open_raw(path) as raw:
            name = "(standard input)" if path == STANDARD_INPUT else str(path)
            yield from _lines(raw, name, advance)
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(f"cannot read {path}: {error}") from error


def _open_raw(path: Path) -> IO[bytes]:
    return sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb")


def _lines(raw: IO[bytes], name: str, advance: Advance | None) -> Iterator[Line]:
    is_gzip = raw.peek(2)[:2] == _GZIP_MAGIC  # type: ignore[attr-defined] # both are BufferedReader
    text: IO[bytes] = gzip.GzipFile(fileobj=raw) if is_gzip else raw  # type: ignore[assignment] # a GzipFile reads bytes
    number = 0
    while line := text.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            _skip_rest(text)
        value = line.rstrip(b"\r\n")
        if value.strip():
            yield Line(value, name, number)
        if advance is not None and number % 1000 == 0:
            advance(raw.tell() if raw.seekable() else 0)


def _skip_rest(text: IO[bytes]) -> None:
    while rest := text.readline(_LONGEST_LINE):
        if rest.endswith(b"\n"):
            return


def batched(lines: Iterable[Line], size: int) -> Iterator[list[Line]]:
    """Cut a stream of lines into batches."""
    batch: list[Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
