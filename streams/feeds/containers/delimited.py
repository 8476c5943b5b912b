"""Tables with a delimiter: one broken row costs itself and nothing below it."""

import csv
from collections.abc import Iterator
from itertools import islice
from typing import IO, Any

from detectors.rejection import show
from streams.feeds.containers.table import Row, Table, why_aside
from streams.feeds.containers.texts import Lines, is_broken, lines
from streams.feeds.definition import Container
from streams.feeds.errors import FeedError, RefusalReason, RowRefused


class _Source:
    """Gives lines to the reader of the library, and keeps those of the row at hand."""

    def __init__(self, blocks: Iterator[Lines]) -> None:
        self._blocks = blocks
        self.kept: list[str] = []
        """Lines from the row at hand on, and some before it."""
        self.before = 0
        """Lines before those kept."""
        self.done = 0
        """Lines whose rows are read."""
        self.broken = False
        """Whether lines that are kept may hold bytes that do not fit the encoding."""

    def remaining(self) -> Iterator[str]:
        """All lines behind those that are done."""
        yield from self.kept[self.done - self.before :]
        for block in self._blocks:
            kept = self.kept[self.done - self.before :]
            self.before = self.done
            self.kept = kept + block.texts
            self.broken = block.broken or (self.broken and bool(kept))
            yield from block.texts

    def text(self, end: int) -> str:
        """Text of the row that begins behind what is done and ends with the line of a number."""
        first = self.done - self.before
        if end - self.done == 1:
            return self.kept[first]
        return "".join(self.kept[first : end - self.before])


def read_delimited(stream: IO[bytes], container: Container, name: str) -> Table:
    """Read a table with a delimiter.

    Raises
    ------
    FeedError
        If it lacks a header, or is not in the encoding.
    """
    source = _Source(lines(stream, container.encoding, name))
    source.done = sum(1 for _ in islice(source.remaining(), container.skip))
    if container.header:
        header = _header(source, container, name)
    elif container.names:
        header = list(container.names)
    else:
        raise FeedError("container: a file without a header needs names; allowed: one a column")
    return Table(name, header, _rows(source, container, len(header)))


def _reader(source: _Source, container: Container) -> Any:
    """The library's reader over what is not done."""
    if not container.quote:
        return csv.reader(source.remaining(), delimiter=container.delimiter, quoting=csv.QUOTE_NONE)
    return csv.reader(source.remaining(), delimiter=container.delimiter, quotechar=container.quote)


def _header(source: _Source, container: Container, name: str) -> list[str]:
    before, reader = source.done, _reader(source, container)
    try:
        for values in reader:
            end = before + reader.line_num
            aside = why_aside(source.text(end), container)
            source.done = end
            if any(values) and aside is None:
                return [value.strip() for value in values]
    except csv.Error as error:
        raise FeedError(f"{name}: its header cannot be read: {error}") from None
    raise FeedError(f"{name}: holds no line; allowed: a header and rows")


def _rows(source: _Source, container: Container, width: int) -> Iterator[Row]:
    special = bool(container.comment or container.banner)
    again = True
    while again:  # with a new reader behind every fault: the old one is within a quote
        again = False
        before, reader = source.done, _reader(source, container)
        try:
            for values in reader:
                number, end = source.done + 1, before + reader.line_num
                raw = source.text(end) if end > number else source.kept[source.done - source.before]
                if len(values) == width and end == number and not special and not source.broken:
                    source.done = end
                    yield Row(number, values, raw)
                elif end > number and len(values) != width:
                    again = True
                    break
                else:
                    source.done = end
                    yield _unusual(Row(number, values, raw), container, width, single=end == number)
        except csv.Error:
            again = True
        if again:
            yield _unbalanced(source)


def _unbalanced(source: _Source) -> Row:
    """The first line of a row that a quote carries on to where no row can end."""
    number = source.done + 1
    first = source.text(number)
    source.done = number
    fault = RowRefused("unbalanced_quote", None, show(first[:80]), "a row whose quotes come in pairs")
    return Row(number, (), first, fault)


def _unusual(row: Row, container: Container, width: int, *, single: bool) -> Row:
    """A row of several lines, one that is none, or one with another number of columns."""
    aside = why_aside(row.raw, container) if single and isinstance(row.raw, str) else None
    if aside is not None:
        return Row(row.number, (), row.raw, aside)
    found = len(row.values)
    if found != width:
        reason: RefusalReason = "too_many_columns" if found > width else "too_few_columns"
        fault = RowRefused(reason, None, f"{found} columns wide", f"{width} columns, as in the header")
        return Row(row.number, (), row.raw, fault)
    broken = next((n for n, value in enumerate(row.values, 1) if is_broken(value)), None)
    if broken is None:
        return row
    column = f"number {broken}"
    fault = RowRefused("bad_encoding", column, "not in the file's encoding", "text in one encoding")
    return Row(row.number, (), row.raw, fault)
