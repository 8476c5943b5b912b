"""Files of documents looked at side by side, before anybody judges them."""

from collections.abc import Callable
from pathlib import Path

from streams.backfill.chunks import CHUNK, Chunk, cut
from streams.backfill.processes import Processes
from streams.feeds.checking import CheckedLines, LineCheck, StreamCheck
from streams.feeds.reading import Advance, name_of


def check_files(
    files: list[Path],
    check: LineCheck,
    found: StreamCheck,
    *,
    processes: int,
    advance: Callable[[Path], Advance] | None = None,
    chunk: int = CHUNK,
) -> None:
    """Look at files; what is found is the same however many processes look.

    Parameters
    ----------
    files
        In their order, ``-`` for standard input.
    check, found
        What looks at lines, and what counts.
    processes
        How many look.
    advance
        Gives, for each file, whom to tell how far it has been cut.
    chunk
        Bytes that one looks at at once.

    Raises
    ------
    ReadError
        If a file cannot be read, or is clearly no file of documents.
    """
    before: dict[int, int] = {}
    with Processes(processes, check) as workers:
        for number, lines in workers.map(_look, cut(files, chunk, advance)):
            found.add(lines, name_of(files[number]), before.get(number, 0))
            before[number] = before.get(number, 0) + lines.lines


def _look(check: LineCheck, chunk: Chunk) -> tuple[int, CheckedLines]:
    return chunk.file, check.look(chunk.lines())
