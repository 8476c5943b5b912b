"""Tables without delimiters: every column at its place."""

from collections.abc import Callable, Iterator, Sequence
from typing import IO, Final

from streams.feeds.columns import is_known
from streams.feeds.containers.table import Row, Table, why_aside
from streams.feeds.containers.texts import Lines, is_broken, lines
from streams.feeds.definition import Container
from streams.feeds.errors import FeedError, RowRefused

_ENDS: Final = "\r\n"


def read_fixed(
    stream: IO[bytes], container: Container, name: str, known: frozenset[str] | None = None
) -> Table:
    """Read a table whose columns lie at fixed places.

    Parameters
    ----------
    stream, container, name
        The file and how its rows lie.
    known
        Columns that are wanted; the others are not cut out.

    Raises
    ------
    FeedError
        If the feed names no columns, or the file is not in the encoding.
    """
    slices, length = places(container)
    wanted = {n: place for n, place in slices.items() if known is None or is_known(n, known)}
    cuts = list(wanted.values())
    blocks = lines(stream, container.encoding, name)
    expected = container.width or length
    return Table(name, list(wanted), _rows(blocks, container, _cutter(container, cuts), expected))


def places(container: Container) -> tuple[dict[str, slice], int]:
    """Where every column lies, and where the last one ends.

    Raises
    ------
    FeedError
        If there are none, or two overlap.
    """
    if not container.fields:
        raise FeedError("container: kind 'fixed' needs fields; allowed: one a column, with its width")
    found: dict[str, slice] = {}
    end = 0
    for field in container.fields:
        start = end if field.start is None else field.start - 1
        if start < end:
            raise FeedError(f"container.fields: {field.name!r} begins at {start + 1}, before {end + 1}")
        if field.name in found:
            raise FeedError(f"container.fields: {field.name!r} is there twice")
        end = start + field.width
        found[field.name] = slice(start, end)
    return found, end


def _cutter(container: Container, cuts: Sequence[slice]) -> Callable[[str], tuple[int, list[str]]]:
    """Make what gives a line's length and columns."""
    if container.unit == "character":
        return lambda line: (len(line), [line[cut] for cut in cuts])
    encoding = container.encoding if isinstance(container.encoding, str) else container.encoding[0]

    def by_bytes(line: str) -> tuple[int, list[str]]:
        data = line.encode(encoding, "surrogateescape")
        return len(data), [data[cut].decode(encoding, "surrogateescape") for cut in cuts]

    return by_bytes


def _rows(
    blocks: Iterator[Lines],
    container: Container,
    cut: Callable[[str], tuple[int, list[str]]],
    expected: int,
) -> Iterator[Row]:
    banner = tuple(container.banner)
    number = 0
    for block in blocks:
        for raw in block.texts:
            number += 1
            line = raw.rstrip(_ENDS)
            length, values = cut(line)
            if length != expected or (banner and line.startswith(banner)):
                if number > container.skip:
                    yield Row(number, (), raw, _fault(line, length, expected, container))
            elif not block.broken or not is_broken(raw):
                yield Row(number, values, raw)
            else:
                yield Row(number, (), raw, _broken())


def _fault(line: str, length: int, expected: int, container: Container) -> RowRefused | str:
    aside = why_aside(line, container)
    if aside is not None:
        return aside
    found, allowed = (f"{n} {container.unit}s long" for n in (length, expected))
    return RowRefused("wrong_width", None, found, allowed)


def _broken() -> RowRefused:
    return RowRefused("bad_encoding", None, "not in the file's encoding", "text in one encoding")
