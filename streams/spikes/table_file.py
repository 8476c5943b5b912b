"""A table of counts as offices write it: any encoding, separator, number format and column names."""

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from detectors.errors import ZeromileError
from streams.feeds.recognition import container
from streams.spikes.periods import PeriodKind

_GZIP: Final = b"\x1f\x8b"
_SEPARATORS: Final = ",;\t|"
_WIDE_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_GROUPED: Final = re.compile(r"\d{1,3}(?:[ '\u00a0\u2009\u202f]\d{3})+")

Decimal = Literal["point", "comma"]


class CountsError(ZeromileError, ValueError):
    """A table of counts that cannot be judged; names line, field, value and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """How a table is written.

    Attributes
    ----------
    encoding : str or None
        None: UTF-8, or UTF-16 where a byte order mark says so.
    decimal : "point", "comma" or None
        None: comma in tables with semicolons, else point. The other sign groups thousands.
    region, period, count, label : str
        Names of columns; upper and lower case are one.
    year, month : str or None
        Names of the two columns that together say the period.
    length : "day", "week", "month" or None
        What a date stands for; None: itself.
    """

    encoding: str | None = None
    decimal: Decimal | None = None
    region: str = "region"
    period: str = "period"
    count: str = "count"
    label: str = "label"
    year: str | None = None
    month: str | None = None
    length: PeriodKind | None = None


@dataclass(frozen=True, slots=True)
class TableRow:
    """The fields that matter of one line, as text."""

    line: int
    region: str
    period: str
    count: str
    label: str


def read_table(path: Path, options: TableOptions) -> tuple[Iterator[TableRow], bool]:
    """Read a table's rows, and whether it has labels.

    Raises
    ------
    CountsError
        At once where the file or its header cannot be read; on the way for a line that cannot.
    """
    text = _text(path, options.encoding)
    separator = _separator(text)
    lines = _lines(text, separator, path)
    _, header = next(lines, (1, []))
    columns = _columns(header, options, path)
    decimal = options.decimal or ("comma" if separator == ";" else "point")
    return _rows(lines, columns, decimal), columns.label is not None


@dataclass(frozen=True, slots=True)
class _Columns:
    region: int
    period: tuple[int, ...]
    count: int
    label: int | None


def _text(path: Path, encoding: str | None) -> str:
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise CountsError(f"cannot read {path}: {error}") from error
    if what := container(content):
        raise CountsError(f"cannot read {path}: {what}")
    wide = content.startswith(_WIDE_MARKS)
    name = encoding or ("utf-16" if wide else "utf-8-sig")
    try:
        return content.decode(name).removeprefix("\ufeff")
    except LookupError:
        raise CountsError(
            f"--encoding is {encoding!r}; allowed are names that Python knows: utf-8, cp1252, gb18030 …"
        ) from None
    except UnicodeError as error:
        line = content[: getattr(error, "start", 0)].count(b"\n") + 1
        raise CountsError(
            f"{path}: line {line}: it is not {encoding or 'UTF-8'}; "
            "--encoding says what it is: cp1252, gb18030, utf-16 …"
        ) from None


def _separator(text: str) -> str:
    header = text.split("\n", 1)[0]
    return max(_SEPARATORS, key=header.count)


def _lines(text: str, separator: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begun = 1
    try:
        for record in reader:
            if record:
                yield begun, record
            begun = reader.line_num + 1
    except csv.Error as error:
        raise CountsError(
            f"{path}: line {begun}: it is no line of a table ({error}); "
            "does a quotation mark stay open?"
        ) from None


def _columns(header: Sequence[str], options: TableOptions, path: Path) -> _Columns:
    names = [name.strip().casefold() for name in header]

    def place(name: str) -> int:
        if name.casefold() in names:
            return names.index(name.casefold())
        raise CountsError(
            f"{path}: line 1: column {name!r} is missing; found {', '.join(header) or 'none'}; "
            "needed are region, period, count and optionally label: --region-column, --period-column "
            "(or --year-column and --month-column), --count-column and --label-column name others"
        )

    in_two = options.year is not None and options.month is not None
    period = (options.year, options.month) if in_two else (options.period,)
    return _Columns(
        place(options.region),
        tuple(place(name) for name in period if name is not None),
        place(options.count),
        None if options.label == "label" and "label" not in names else place(options.label),
    )


def _rows(
    lines: Iterator[tuple[int, list[str]]], columns: _Columns, decimal: Decimal
) -> Iterator[TableRow]:
    for line, record in lines:

        def field(place: int, record: list[str] = record) -> str:
            return record[place].strip() if place < len(record) else ""

        yield TableRow(
            line,
            field(columns.region),
            "-".join(field(place).zfill(2) for place in columns.period)
            if len(columns.period) > 1
            else field(columns.period[0]),
            plain_number(field(columns.count), decimal),
            "0" if columns.label is None else field(columns.label),
        )


def plain_number(text: str, decimal: Decimal) -> str:
    """A number without grouped thousands and without zeros behind the decimal sign.

    What is no number, or no whole one, comes back as it was: the error is to name it.
    """
    point, group = ("\\.", ",") if decimal == "point" else (",", "\\.")
    grouped = re.fullmatch(rf"(\d{{1,3}}(?:{group}\d{{3}})*|\d+)(?:{point}0*)?", text)
    if grouped:
        return re.sub(r"\D", "", grouped[1])
    if _GROUPED.fullmatch(text):
        return re.sub(r"\D", "", text)
    return text
