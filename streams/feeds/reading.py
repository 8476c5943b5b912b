"""Recorded streams: JSON Lines, plain or gzip, from files or standard input."""

import gzip
import shlex
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final, NamedTuple

from detectors.errors import ZeromileError
from streams.feeds.recognition import BYTE_ORDER_MARK, Kind, other_kind

STANDARD_INPUT: Final = Path("-")
_GZIP_MAGIC: Final = b"\x1f\x8b"
_LONGEST_LINE: Final = 1 << 20
"""Longer lines are cut: they are refused anyway, and memory stays bounded."""

_BLOCK: Final = 1 << 18
"""Bytes that are read at once."""

DOCUMENTS: Final[tuple[Kind, ...]] = ("documents",)

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


def read_lines(
    path: Path, advance: Advance | None = None, wanted: Sequence[Kind] = DOCUMENTS
) -> Iterator[Line]:
    """Read a recorded stream line by line; blank lines are passed over.

    Parameters
    ----------
    path
        The file, ``-`` for standard input.
    advance
        Told how far reading has come.
    wanted
        What the lines may be; see :mod:`streams.feeds.recognition`.

    Raises
    ------
    ReadError
        If the file cannot be opened, its compression is broken, or it is clearly of another kind.
    """
    name = _name(path)
    for numbers, values in _blocks(path, advance, wanted):
        for number, value in zip(numbers, values, strict=True):
            yield Line(value, name, number)


def check_kind(path: Path, wanted: Sequence[Kind] = DOCUMENTS) -> None:
    """Look at the first bytes of a file, before anything is done with others.

    Raises
    ------
    ReadError
        If it cannot be opened, or is clearly of another kind.
    """
    if path != STANDARD_INPUT:
        next(_blocks(path, None, wanted), None)


def read_batches(path: Path, size: int, advance: Advance | None = None) -> Iterator[LineBatch]:
    """Read a recorded stream by batches of lines, the last one shorter; cheaper than line by line.

    Raises
    ------
    ReadError
        If the file cannot be opened, its compression is broken, or it clearly holds no documents.
    """
    name = _name(path)
    numbers: list[int] = []
    values: list[bytes] = []
    for more_numbers, more_values in _blocks(path, advance, DOCUMENTS):
        numbers += more_numbers
        values += more_values
        while len(values) >= size:
            yield LineBatch(name, values[:size], numbers[:size])
            del values[:size], numbers[:size]
    if values:
        yield LineBatch(name, values, numbers)


def _name(path: Path) -> str:
    return "(standard input)" if path == STANDARD_INPUT else str(path)


def _blocks(
    path: Path, advance: Advance | None, wanted: Sequence[Kind]
) -> Iterator[tuple[Sequence[int], list[bytes]]]:
    """Lines that are not blank with their numbers, as many at once as a block of the file holds."""
    number = 1
    try:
        with _open_raw(path) as raw:
            for lines in _whole_lines(raw, _name(path), advance, wanted):
                values = [line.rstrip(b"\r") for line in lines]
                numbers: Sequence[int] = range(number, number + len(lines))
                number += len(lines)
                if b"" in values or any(map(bytes.isspace, values)):
                    numbers = [n for n, value in zip(numbers, values, strict=True) if value.strip()]
                    values = [value for value in values if value.strip()]
                yield numbers, values
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(
            f"cannot read {_name(path)}: {_about(_why(error, number), _name(path))}"
        ) from error


def _about(remedy: str, name: str) -> str:
    """A remedy that can be pasted into a shell."""
    return remedy if name == _name(STANDARD_INPUT) else remedy.replace("FILE", shlex.quote(name))


def _why(error: OSError | EOFError | zlib.error, number: int) -> str:
    if isinstance(error, gzip.BadGzipFile) and "Not a gzipped file" in str(error):
        return (
            f"its gzip data ends and something else follows ({error}); "
            "if that may be left out: gzip -dc FILE | zeromile COMMAND -"
        )
    if isinstance(error, EOFError):
        return f"its gzip data is cut off after {number - 1:,} lines ({error}); fetch it again"
    if isinstance(error, zlib.error):
        return f"its gzip data is damaged after {number - 1:,} lines ({error}); fetch it again"
    return str(error)


def _open_raw(path: Path) -> IO[bytes]:
    return sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb")


def _whole_lines(
    raw: IO[bytes], name: str, advance: Advance | None, wanted: Sequence[Kind]
) -> Iterator[list[bytes]]:
    """Whole lines, as many as a block of the file holds; of an endless line only the beginning."""
    is_gzip = raw.peek(2)[:2] == _GZIP_MAGIC  # type: ignore[attr-defined] # both are BufferedReader
    file: IO[bytes] = gzip.GzipFile(fileobj=raw) if is_gzip else raw  # type: ignore[assignment] # a GzipFile reads bytes
    rest = b""
    begun = False
    while block := file.read(_BLOCK):
        if not begun and (other := other_kind(block, wanted)):
            raise ReadError(f"cannot read {name}: {_about(other, name)}")
        begun = True
        text = rest + block
        lines = text.split(b"\n")
        if BYTE_ORDER_MARK in text:  # at the head of a file, or of one of several put together
            lines = [line.removeprefix(BYTE_ORDER_MARK) for line in lines]
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
