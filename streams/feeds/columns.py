"""Columns of a file under the names by which the feed knows them."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from detectors.rejection import show
from streams.feeds.codes import UNMAPPED, Ignored, Lookup
from streams.feeds.definition import Column, FeedFile
from streams.feeds.errors import FeedError, RowIgnored, RowRefused

_Clean = Callable[[str], str]
Read = Callable[[Sequence[str]], str]
"""Gives what a row's column states, an empty text for nothing."""
MOST_REMEMBERED: Final = 20_000
"""Values of a column whose meaning is remembered: memory stays bounded."""
_LONGEST_REMEMBERED: Final = 200
_UNKNOWN: Final = object()


class _NoDocument(NamedTuple):
    """Stands for values that make a row no document."""

    why: str


class Cell(NamedTuple):
    """A column of the feed in a file."""

    places: tuple[int, ...]
    """Columns of the file that it is made of; none for a column that the file lacks."""
    read: Read


def translated(cell: Cell, translate: Callable[[str], Any]) -> Callable[[Sequence[str]], Any]:
    """Make what reads and translates a row's column; what was translated before is remembered.

    A row that is no document, or that is refused, is told by an exception, whoever asks.
    """
    read = cell.read
    if not cell.places:
        return lambda values: translate(read(values))
    key_of = itemgetter(*cell.places)
    size = len if len(cell.places) == 1 else _length
    known: dict[Any, Any] = {}
    find = known.get

    def learn(key: Any, values: Sequence[str]) -> Any:
        try:
            found = translate(read(values))
        except RowIgnored as ignored:
            found = _NoDocument(ignored.why)
        if len(known) < MOST_REMEMBERED and size(key) <= _LONGEST_REMEMBERED:
            known[key] = found
        return found

    def get(values: Sequence[str]) -> Any:
        key = key_of(values)
        found = find(key, _UNKNOWN)
        if found is _UNKNOWN:
            found = learn(key, values)
        if found.__class__ is _NoDocument:
            raise RowIgnored(found.why)
        return found

    return get


def _length(texts: Sequence[str]) -> int:
    return sum(map(len, texts))


def full_column(spec: str | list[str] | Column) -> Column:
    """A column's description, which may be short."""
    if isinstance(spec, Column):
        return spec
    return Column(names=[spec] if isinstance(spec, str) else spec)


def bind_columns(
    feed: FeedFile, tables: Mapping[str, Lookup], header: Sequence[str], file: str
) -> dict[str, Cell]:
    """Find a feed's columns in a file.

    Raises
    ------
    FeedError
        If the file lacks one that is not optional, or has two of one name.
    """
    places = _places(header)
    cells: dict[str, Cell] = {}
    for key, spec in feed.columns.items():
        column = full_column(spec)
        if column.join or column.first_of:
            cell = _put_together(column, cells)
        else:
            missing = frozenset(feed.missing) | frozenset(column.missing)
            place = _find(places, key, column, header, file)
            cell = _plain(place, _cleaner(column, missing))
        cells[key] = _coded(key, cell, tables[column.codes]) if column.codes else cell
    return cells


def known_headers(feed: FeedFile) -> frozenset[str]:
    """Names of columns in files that the feed knows."""
    named = (name for spec in feed.columns.values() for name in full_column(spec).names)
    return frozenset(map(_tidy, named))


def is_known(name: str, known: frozenset[str]) -> bool:
    """Whether the name of a column in a file is one that a feed knows."""
    return _tidy(name) in known


def _tidy(name: str) -> str:
    return " ".join(name.strip("\ufeff \t\r\n").casefold().split())


def _places(header: Sequence[str]) -> Mapping[str, list[int]]:
    places: dict[str, list[int]] = {}
    for index, name in enumerate(header):
        places.setdefault(_tidy(name), []).append(index)
    return places


def _find(
    places: Mapping[str, list[int]], key: str, column: Column, header: Sequence[str], file: str
) -> int | None:
    found = [
        place for name in dict.fromkeys(map(_tidy, column.names)) for place in places.get(name, ())
    ]
    if len(found) > 1:
        twice = " and ".join(repr(header[place]) for place in found)
        raise FeedError(f"{file}: has the columns {twice}; allowed: one for columns.{key}")
    if found:
        return found[0]
    if column.optional:
        return None
    wanted = " or ".join(map(repr, column.names))
    there = ", ".join(map(repr, header)) or "none"
    raise FeedError(f"{file}: has no column {wanted} for columns.{key}; there are {there}")


def _cleaner(column: Column, missing: frozenset[str]) -> _Clean:
    """Make what cuts a value out of a cell and takes away what states nothing."""
    split, part, pieces = column.split, column.part, column.parts
    first, end = column.start - 1, column.start - 1 + column.length if column.length else None
    cut = first or end is not None
    strip = column.strip + " \t\r\n\u00a0" if column.strip else None

    def clean_whole(raw: str) -> str:
        text = raw.strip(strip)
        return "" if text in missing else text

    if not split and not cut:
        return clean_whole

    def clean(raw: str) -> str:
        text = raw.strip(strip)
        if text in missing:
            return ""
        if split:
            parts = text.split(split, pieces - 1)
            text = parts[part - 1].strip(strip) if len(parts) >= part else ""
        if cut:
            text = text[first:end].strip(strip)
        return "" if text in missing else text

    return clean


def _plain(place: int | None, clean: _Clean) -> Cell:
    if place is None:
        return Cell((), lambda _: "")
    return Cell((place,), lambda values: clean(values[place]))


def _put_together(column: Column, cells: Mapping[str, Cell]) -> Cell:
    """A column of a feed that is made of others."""
    parts = [cells[name] for name in column.join or column.first_of]
    reads = [cell.read for cell in parts]
    places = tuple(dict.fromkeys(place for cell in parts for place in cell.places))
    cut = _cleaner(column, frozenset(column.missing))
    if column.first_of:
        return Cell(places, lambda values: cut(next(filter(None, (r(values) for r in reads)), "")))
    between = column.separator
    return Cell(places, lambda values: cut(between.join([read(values) for read in reads])))


def _coded(key: str, cell: Cell, lookup: Lookup) -> Cell:
    """A column that is read through a table of codes."""

    def look_up(text: str) -> str:
        meaning = lookup(text)
        if isinstance(meaning, Ignored):
            raise RowIgnored(meaning.why)
        if meaning is UNMAPPED:
            raise RowRefused("unmapped_code", key, show(text), "a value that the feed's codes know")
        return meaning if isinstance(meaning, str) else ""

    return Cell(cell.places, translated(cell, look_up))
