"""Recorded streams cut into chunks of whole lines, which processes read side by side."""

import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Final, NamedTuple

from streams.feeds.reading import (
    BLOCK,
    Advance,
    check_beginning,
    is_gzip,
    open_raw,
    read_error,
    unpacked,
    whole_lines,
)

CHUNK: Final = 8 << 20
"""Bytes of a chunk, up to the end of the line there."""


class Chunk(NamedTuple):
    """Some lines of a file: a range of its bytes, or the lines themselves where it is packed."""

    part: int
    """Number of the chunk, from 0."""
    file: int
    """Number of the file, from 0."""
    path: Path
    start: int
    end: int
    text: bytes | None = None

    def lines(self) -> list[bytes]:
        """Its lines without their ends, blank ones included, of an endless one only the beginning.

        Raises
        ------
        ReadError
            If the file cannot be read.
        """
        if self.text is not None:
            return self.text.split(b"\n")
        try:
            with self.path.open("rb") as raw:
                raw.seek(self.start)
                return [line for lines in whole_lines(_limited(raw, self.end)) for line in lines]
        except OSError as error:
            raise read_error(self.path, error, 0) from error


def cut(
    files: list[Path], size: int, advance: Callable[[Path], Advance] | None = None
) -> Iterator[Chunk]:
    """Cut recorded streams into chunks.

    Parameters
    ----------
    files
        The files in their order, ``-`` for standard input.
    size
        Bytes of a chunk.
    advance
        Gives, for each file, whom to tell how far it has been cut.

    Raises
    ------
    ReadError
        If a file cannot be opened or its compression is broken.
    """
    part = 0
    for number, path in enumerate(files):
        told = advance and advance(path)
        lines = 0
        try:
            with open_raw(path) as raw:
                packed = is_gzip(raw) or not raw.seekable()
                pieces = _texts(path, raw, size) if packed else _ranges(path, raw, size)
                for start, end, text in pieces:
                    yield Chunk(part, number, path, start, end, text)
                    lines += 0 if text is None else text.count(b"\n") + 1
                    part += 1
                    if told is not None:
                        told(raw.tell() if raw.seekable() else 0)
        except (OSError, EOFError, zlib.error) as error:
            raise read_error(path, error, lines) from error


def _ranges(path: Path, raw: IO[bytes], size: int) -> Iterator[tuple[int, int, None]]:
    if beginning := raw.read(BLOCK):
        check_beginning(path, beginning)
    start = 0
    while True:
        raw.seek(start + size - 1)
        while (piece := raw.readline(BLOCK)) and not piece.endswith(b"\n"):
            pass
        end = raw.tell() if piece else raw.seek(0, 2)
        if end > start:
            yield start, end, None
        if not piece:
            return
        start = end


def _texts(path: Path, raw: IO[bytes], size: int) -> Iterator[tuple[int, int, bytes]]:
    lines: list[bytes] = []
    length = 0
    for more in whole_lines(unpacked(raw).read, partial(check_beginning, path)):
        lines += more
        length += sum(map(len, more)) + len(more)
        if length >= size and lines:
            yield 0, 0, b"\n".join(lines)
            lines, length = [], 0
    if lines:
        yield 0, 0, b"\n".join(lines)


def _limited(raw: IO[bytes], end: int) -> Callable[[int], bytes]:
    return lambda size: raw.read(min(size, end - raw.tell()))
