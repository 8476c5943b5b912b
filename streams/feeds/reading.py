"""Recorded streams: JSON Lines, plain or gzip, from files or standard input."""

import gzip
import shlex
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Final, NamedTuple

from detectors.errors import ZeromileError
from streams.feeds.recognition import BYTE_ORDER_MARK, Kind, other_kind

STANDARD_INPUT: Final = Path("-")
_GZIP_MAGIC: Final = b"\x1f\x8b"
LONGEST_LINE: Final = 1 << 20
"""Longer lines are cut: they are refused anyway, and memory stays bounded."""

BLOCK: Final = 1 << 18
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
    name = name_of(path)
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
    name = name_of(path)
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


def name_of(path: Path) -> str:
    """What a file is called in messages."""
    return "(standard input)" if path == STANDARD_INPUT else str(path)


def _blocks(
    path: Path, advance: Advance | None, wanted: Sequence[Kind]
) -> Iterator[tuple[Sequence[int], list[bytes]]]:
    """Lines that are not blank with their numbers, as many at once as a block of the file holds."""
    number = 1
    try:
        with open_raw(path) as raw:
            read, check = unpacked(raw).read, partial(check_beginning, path, wanted=wanted)
            for lines in whole_lines(read, check):
                values = [line.rstrip(b"\r") for line in lines]
                numbers: Sequence[int] = range(number, number + len(lines))
                number += len(lines)
                if b"" in values or any(map(bytes.isspace, values)):
                    numbers = [n for n, value in zip(numbers, values, strict=True) if value.strip()]
                    values = [value for value in values if value.strip()]
                yield numbers, values
                if advance is not None:
                    advance(raw.tell() if raw.seekable() else 0)
    except (OSError, EOFError, zlib.error) as error:
        raise read_error(path, error, number - 1) from error


def read_error(path: Path, error: OSError | EOFError | zlib.error, lines: int) -> ReadError:
    """Say why a file cannot be read beyond some lines."""
    name = name_of(path)
    return ReadError(f"cannot read {name}: {_about(_why(error, lines), name)}")


def _about(remedy: str, name: str) -> str:
    """A remedy that can be pasted into a shell."""
    return remedy if name == name_of(STANDARD_INPUT) else remedy.replace("FILE", shlex.quote(name))


def _why(error: OSError | EOFError | zlib.error, lines: int) -> str:
    if isinstance(error, gzip.BadGzipFile) and "Not a gzipped file" in str(error):
        return (
            f"its gzip data ends and something else follows ({error}); "
            "if that may be left out: gzip -dc FILE | zeromile COMMAND -"
        )
    if isinstance(error, EOFError):
        return f"its gzip data is cut off after {lines:,} lines ({error}); fetch it again"
    if isinstance(error, zlib.error):
        return f"its gzip data is damaged after {lines:,} lines ({error}); fetch it again"
    return str(error)


def open_raw(path: Path) -> IO[bytes]:
    """Open a file, or standard input."""
    return sys.stdin.buffer if path == STANDARD_INPUT else path.open("rb")


def is_gzip(raw: IO[bytes]) -> bool:
    """Whether a file begins as gzip does; nothing is taken from it."""
    begins: bytes = raw.peek(2)[:2]  # type: ignore[attr-defined] # both are BufferedReader
    return begins == _GZIP_MAGIC


def unpacked(raw: IO[bytes]) -> IO[bytes]:
    """The text of a file that may be packed."""
    return gzip.GzipFile(fileobj=raw) if is_gzip(raw) else raw  # type: ignore[return-value] # a GzipFile reads bytes


def check_beginning(path: Path, beginning: bytes, wanted: Sequence[Kind] = DOCUMENTS) -> None:
    """Refuse a file that is clearly of another kind, by its first block of text."""
    if other := other_kind(beginning, wanted):
        raise ReadError(f"cannot read {name_of(path)}: {_about(other, name_of(path))}")


def whole_lines(
    read: Callable[[int], bytes], check: Callable[[bytes], None] = lambda _: None
) -> Iterator[list[bytes]]:
    """Whole lines, as many as a block holds; of an endless line only the beginning.

    Parameters
    ----------
    read
        Gives so many bytes, or fewer.
    check
        Looks at the first block.
    """
    rest = b""
    begun = False
    while block := read(BLOCK):
        if not begun:
            check(block)
        begun = True
        text = rest + block
        lines = text.split(b"\n")
        # At the head of a file, or of one of several put together; its first byte is looked for faster.
        if BYTE_ORDER_MARK[:1] in text and BYTE_ORDER_MARK in text:
            lines = [line.removeprefix(BYTE_ORDER_MARK) for line in lines]
        rest = lines.pop()[:LONGEST_LINE]
        if lines:
            lines[0] = lines[0][:LONGEST_LINE]  # the others came with the block, which is shorter
        yield lines
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
