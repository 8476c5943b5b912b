"""Recorded streams: JSON Lines, plain or gzip, from files or standard input."""

import gzip
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

from detectors.errors import ZeromileError

STANDARD_INPUT: Final = Path("-")
_GZIP_MAGIC: Final = b"\x1f\x8b"
_LONGEST_LINE: Final = 1 << 20
"""Longer lines are cut: they are refused anyway, and memory stays bounded."""

_BLOCK: Final = 1 << 18
"""Bytes that are read at once."""

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


class LineBatch(NamedTuple):
    """Successive documents of a recorded stream."""

    file: str
    values: Sequence[bytes]
    numbers: Sequence[int]
    """Their line numbers, from 1."""

    def line(self, place: int) -> Line:
        """The document at a place of the batch."""
        return Line(self.values[place], self.file, self.numbers[place])


def read_lines(path: Path, advance: Advance | None = None) -> Iterator[Line]:
    """Read a recorded stream line by line; blank lines are passed over.

    Raises
    ------
    ReadError
        If the file cannot be opened or its compression is broken.
    """
    name = _name(path)
    for numbers, values in _blocks(path, advance):
        for number, value in zip(numbers, values, strict=True):
            yield Line(value, name, number)


def read_batches(path: Path, size: int, advance: Advance | None = None) -> Iterator[LineBatch]:
    """Read a recorded stream by batches of lines, the last one shorter; cheaper than line by line.

    Raises
    ------
    ReadError
        If the file cannot be opened or its compression is broken.
    """
    name = _name(path)
    numbers: list[int] = []
    values: list[bytes] = []
    for more_numbers, more_values in _blocks(path, advance):
        numbers += more_numbers
        values += more_values
        while len(values) >= size:
            yield LineBatch(name, values[:size], numbers[:size])
            del values[:size], numbers[:size]
    if values:
        yield LineBatch(name, values, numbers)


def _name(path: Path) -> str:
    return "(standard input)" if path == STANDARD_INPUT else str(path)


def _blocks(path: Path, advance: Advance | None) -> Iterator[tuple[Sequence[int], list[bytes]]]:
    """Lines that are not blank with their numbers, as many at once as a block of the file holds."""
    number = 1
    try:
        with _open_raw(path) as raw:
            for lines in _whole_lines(raw, advance):
                values = [line.rstrip(b"\r") for line in lines]
                numbers: Sequence[int] = range(number, number + len(lines))
                number += len(lines)
                if b"" in values or any(map(bytes.isspace, values)):
                    numbers = [n for n, value in zip(numbers, values, strict=True) if value.strip()]
                    values = [value for value in values if value.strip()]
                yield numbers, values
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(f"cannot read {path}: {error}") from error


def _open_raw(path: Path) -> IO[bytes]:
    return sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb")


def _whole_lines(raw: IO[bytes], advance: Advance | None) -> Iterator[list[bytes]]:
    """Whole lines, as many as a block of the file holds; of an endless line only the beginning."""
    is_gzip = raw.peek(2)[:2] == _GZIP_MAGIC  # type: ignore[attr-defined] # both are BufferedReader
    text: IO[bytes] = gzip.GzipFile(fileobj=raw) if is_gzip else raw  # type: ignore[assignment] # a GzipFile reads bytes
    rest = b""
    while block := text.read(_BLOCK):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()[:_LONGEST_LINE]
        if lines:
            lines[0] = lines[0][:_LONGEST_LINE]  # the others came with the block, which is shorter
        yield lines
        if advance is not None:
            advance(raw.tell() if raw.seekable() else 0)
    if rest:
        yield [rest]


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
