"""Tables of documents, of any library that speaks the Arrow C interface, as lines of the contract.

Nothing is guessed: a column is of the type that its field asks for, or the table is refused. What a row
says is read by the strict decoder, as that of a file.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, Final, Literal, NamedTuple
from warnings import warn

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import inspect

from detectors.errors import ZeromileError
from detectors.type_text import allowed_values, field_types
from detectors.wire import WIRE_TYPES

Kind = Literal["text", "number", "whole", "boolean", "time"]

_ROWS: Final = 20_000
_ALWAYS: Final = ("event_id", "source", "event_type", "vin", "occurred_at")
_INDEX: Final = "__index_level_"
"""How pandas names an index among the columns."""
_STAMP: Final = "%Y-%m-%dT%H:%M:%SZ"
_ALLOWED: Final[dict[Kind, str]] = {
    "text": "text (or categories of text)",
    "number": "numbers",
    "whole": "whole numbers",
    "boolean": "true or false",
    "time": "dates, timestamps with a time zone, or text such as 2025-06-17T14:07:43+08:00",
}
_encode = msgspec.json.Encoder().encode


class TableError(ZeromileError):
    """A table that holds no documents, names the column and what is allowed there."""


class ContractColumn(NamedTuple):
    """A field of the contract as a column."""

    kind: Kind
    allowed: str


@cache
def contract_columns() -> dict[str, ContractColumn]:
    """The fields of all documents, by name."""
    found = {"event_type": ContractColumn("text", f"one of {', '.join(WIRE_TYPES)}")}
    for struct in WIRE_TYPES.values():
        for name, kind in field_types(struct).items():
            found.setdefault(name, ContractColumn(_kind(name, kind), allowed_values(kind)))
    return found


def _kind(name: str, kind: Any) -> Kind:
    if name.endswith("_at"):
        return "time"
    info = inspect.type_info(kind)
    parts = info.types if isinstance(info, inspect.UnionType) else (info,)
    for part in parts:
        bare = part.type if isinstance(part, inspect.Metadata) else part
        for known, found in _KINDS.items():
            if isinstance(bare, known):
                return found
    return "text"


_KINDS: Final[dict[type, Kind]] = {
    inspect.FloatType: "number",
    inspect.IntType: "whole",
    inspect.BoolType: "boolean",
}


def is_table(source: object) -> bool:
    """Whether something is a table, or a list of rows."""
    rows = isinstance(source, list | tuple) and bool(source) and isinstance(source[0], dict)
    return rows or hasattr(source, "__arrow_c_stream__") or hasattr(source, "__dataframe__")


def as_arrow(source: Any) -> pa.Table:
    """Take a table of any library, or a list of dictionaries.

    Raises
    ------
    TableError
        If a column holds values of several types, or it is no table.
    """
    try:
        if isinstance(source, list | tuple):
            names = dict.fromkeys(name for row in source for name in row)
            return pa.table({name: [row.get(name) for row in source] for name in names})
        return pa.table(source)
    except (pa.ArrowException, TypeError, ValueError) as error:
        said = "; ".join(str(part) for part in error.args)
        raise TableError(f"the table cannot be read: {said}; allowed: one type a column") from None


def table_lines(table: pa.Table) -> Iterator[bytes]:
    """Rows as lines of JSON, as a publisher would write them; a null or NaN is left out.

    Parameters
    ----------
    table
        With the fields of the contract as columns; others are left out, with a warning.

    Raises
    ------
    TableError
        Naming the column that is missing, of another type, or holds what no document can.
    """
    known = contract_columns()
    table = table.select([name for name in table.column_names if not name.startswith(_INDEX)])
    _check_names(table.column_names)
    columns = {
        name: _prepared(name, table[name], known[name]) for name in table.column_names if name in known
    }
    _check_needed(columns)
    ready = pa.table(columns)
    for batch in ready.to_batches(max_chunksize=_ROWS):
        for row in batch.to_pylist():
            yield _encode({name: value for name, value in row.items() if value is not None}) + b"\n"


def _check_names(names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TableError(f"the table has several columns {', '.join(twice)}; allowed: one of each")
    known = contract_columns()
    strange = [name for name in names if name not in known]
    missing = [name for name in _ALWAYS if name not in names]
    if missing:
        raise TableError(f"the table has no column {', '.join(missing)}{_hints(missing, strange)}")
    if strange:
        warn(
            f"columns that are no fields of a document are left out: {', '.join(strange)}",
            stacklevel=4,
        )


def _hints(missing: Sequence[str], strange: Sequence[str]) -> str:
    close = {name: get_close_matches(name, strange, n=1) for name in missing}
    hints = [f"{there[0]!r} may be {name!r}" for name, there in close.items() if there]
    return f"; {', '.join(hints)}" if hints else f"; it has {', '.join(strange) or 'nothing else'}"


def _check_needed(columns: dict[str, pa.ChunkedArray]) -> None:
    """Where documents of a type are there, so must be the columns that each of them needs."""
    for event_type in pc.unique(columns["event_type"]).to_pylist():
        struct = WIRE_TYPES.get(event_type)
        if struct is None:
            continue  # the decoder refuses it and says so
        fields = msgspec.structs.fields(struct)
        missing = [f.encode_name for f in fields if f.required and f.encode_name not in columns]
        if missing:
            raise TableError(
                f"the table has no column {', '.join(missing)}; every {event_type} needs it"
            )


def _prepared(name: str, values: pa.ChunkedArray, column: ContractColumn) -> pa.ChunkedArray:
    """Values as JSON has them."""
    if pa.types.is_dictionary(values.type):
        values = pa.chunked_array(map(_spelt_out, values.chunks), pa.string())
    if pa.types.is_null(values.type):
        return values
    made = _MAKERS[column.kind](name, values)
    if made is None:
        detail = "" if column.kind in ("time", "boolean") else f": {column.allowed}"
        raise TableError(
            f"column {name!r} is of type {values.type}; allowed: {_ALLOWED[column.kind]}{detail}"
        )
    return made


def _spelt_out(codes: pa.DictionaryArray) -> pa.Array:
    """Categories by their names; what is no text becomes one that is refused as a document."""
    names = pa.DictionaryArray.from_arrays(codes.indices, codes.dictionary.cast(pa.string()))
    return names.dictionary_decode()


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _text(_: str, values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    return values.cast(pa.string()) if _is_text(values.type) else None


def _number(name: str, values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    types = pa.types
    kind = values.type
    if not (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)):
        return None
    numbers = values.cast(pa.float64(), safe=False)
    if pc.any(pc.is_inf(numbers)).as_py():
        raise TableError(f"column {name!r} holds infinite values; allowed: numbers, or nothing")
    return pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)


def _whole(name: str, values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    numbers = _number(name, values)
    if numbers is None:
        return None
    try:
        return numbers.cast(pa.int64())
    except pa.ArrowInvalid:
        raise TableError(f"column {name!r} holds fractions; allowed: whole numbers") from None


def _boolean(_: str, values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    return values if pa.types.is_boolean(values.type) else None


def _time(name: str, values: pa.ChunkedArray) -> pa.ChunkedArray | None:
    kind = values.type
    if _is_text(kind):
        return values.cast(pa.string())
    if pa.types.is_date(kind):
        return pc.strftime(values.cast(pa.date32()), "%Y-%m-%d")
    if not pa.types.is_timestamp(kind):
        return None
    if kind.tz is not None:
        return pc.strftime(values.cast(pa.timestamp("us", "UTC"), safe=False), _STAMP)
    days = values.cast(pa.date32(), safe=False)
    if not pc.all(pc.equal(days.cast(kind), values)).as_py():
        raise TableError(
            f"column {name!r} holds clock times without a time zone; allowed: {_ALLOWED['time']}"
        )
    return pc.strftime(days, "%Y-%m-%d")


_MAKERS: Final = {"text": _text, "number": _number, "whole": _whole, "boolean": _boolean, "time": _time}
