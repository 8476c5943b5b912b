"""Tables whose cells have types: JSON Lines, Parquet, spreadsheets; every cell becomes a text."""

import datetime
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from detectors.rejection import show
from streams.feeds.containers.sheets import sheet_rows
from streams.feeds.containers.table import BLANK, Row, Table
from streams.feeds.containers.texts import lines
from streams.feeds.definition import Container
from streams.feeds.errors import FeedError, RowRefused

_LOOKED_AT: Final = 1_000
"""Objects of JSON Lines whose keys are the columns."""
_MIDNIGHT: Final = datetime.time()


def text_of(value: Any) -> str:
    """A cell as text: whole numbers without a point, days without a clock."""
    return value if isinstance(value, str) else _TEXTS.get(type(value), str)(value)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _moment(value: datetime.datetime) -> str:
    return value.date().isoformat() if value.time() == _MIDNIGHT else value.isoformat()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_TEXTS: Final[dict[type, Callable[[Any], str]]] = {
    type(None): lambda _: "",
    bool: lambda value: "true" if value else "false",
    float: _number,
    datetime.datetime: _moment,
    datetime.date: datetime.date.isoformat,
    dict: _json,
    list: _json,
}


def read_json_lines(stream: IO[bytes], container: Container, name: str) -> Table:
    """Read JSON Lines; columns of an object within an object are named with a dot: `head.entryId`."""
    numbered = enumerate(
        (line for block in lines(stream, container.encoding, name) for line in block.texts), 1
    )
    first = list(islice(numbered, _LOOKED_AT))
    keys: dict[str, None] = {}
    for _, line in first:
        found = _object(line)
        keys.update(dict.fromkeys(found if isinstance(found, dict) else ()))
    header = list(keys)

    def rows() -> Iterator[Row]:
        for number, line in (*first, *numbered) if len(first) < _LOOKED_AT else _both(first, numbered):
            found = _object(line)
            if isinstance(found, dict):
                yield Row(number, [text_of(found.get(key)) for key in header], line)
            else:
                yield Row(number, (), line, found)

    return Table(name, header, rows())


def _both(first: list[tuple[int, str]], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield from first
    yield from rest


def _object(line: str) -> dict[str, Any] | RowRefused | str:
    if not line.strip():
        return BLANK
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return RowRefused("not_json", None, show(line[:80]), "one JSON object a line")
    return _flat(value)


def _flat(value: dict[str, Any]) -> dict[str, Any]:
    if not any(isinstance(inner, dict) for inner in value.values()):
        return value
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        if isinstance(inner, dict):
            flat.update({f"{key}.{name}": one for name, one in _flat(inner).items()})
        else:
            flat[key] = inner
    return flat


def read_sheet(path: Path, container: Container, name: str) -> Table:
    """Read a sheet of an Excel or ODS file."""
    cells = sheet_rows(path, container.sheet, name)
    for _ in islice(cells, container.skip):
        pass
    return _typed_table(name, cells, container, first=container.skip + 1)


def _typed_table(name: str, cells: Iterator[Sequence[Any]], container: Container, first: int) -> Table:
    if container.header:
        header = [text_of(cell).strip() for cell in next(cells, ())]
        while header and not header[-1]:
            header.pop()
        first += 1
    else:
        header = list(container.names)
    if not header:
        raise FeedError(f"{name}: has no header; allowed: one, or container.names")
    return Table(name, header, _cells_to_rows(cells, len(header), first))


def _cells_to_rows(cells: Iterator[Sequence[Any]], width: int, first: int) -> Iterator[Row]:
    for number, row in enumerate(cells, first):
        values = [text_of(cell) for cell in row]
        while len(values) > width and not values[-1]:
            values.pop()
        values += [""] * (width - len(values))  # a sheet ends where its last filled cell stands
        raw = msgspec.json.encode(values)
        if len(values) > width:
            allowed = f"{width} columns, as in the header"
            fault = RowRefused("too_many_columns", None, f"{len(values)} columns wide", allowed)
            yield Row(number, (), raw, fault)
        elif not any(values):
            yield Row(number, (), raw, BLANK)
        else:
            yield Row(number, values, raw)


def read_parquet(path: Path, container: Container, name: str) -> Table:  # noqa: ARG001 - the same call for all kinds
    """Read a Parquet file.

    Raises
    ------
    FeedError
        If it cannot be read.
    """
    from pyarrow import parquet  # noqa: PLC0415 - a tenth of a second that only Parquet needs
    from pyarrow.lib import ArrowException  # noqa: PLC0415 - the same

    try:
        file = parquet.ParquetFile(path)
        header = list(file.schema_arrow.names)
    except (ArrowException, OSError) as error:
        raise FeedError(f"cannot read {name}: {error}") from None

    def cells() -> Iterator[Sequence[Any]]:
        try:
            for batch in file.iter_batches(batch_size=10_000):
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
        except (ArrowException, OSError) as error:
            raise FeedError(f"cannot read {name}: {error}") from None

    return Table(name, header, _cells_to_rows(cells(), len(header), 1))
