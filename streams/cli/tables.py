"""Tables for people, wide or narrow, and the same as JSON or CSV for programs."""

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from streams.cli.lazy import TableFormat

_PROSE: Final = 24
"""Columns that a sentence may be broken to; ids, numbers and single words are never broken."""
_NUMBER: Final = re.compile(r"-?\d{1,3}(?:,\d{3})+|-?\d+(?:\.\d+)?(?:e-\d+)?")


class TableConsole(Console):
    r"""A console that never cuts a cell.

    On a terminal a table is as wide as it needs, sentences broken; where even that does not fit, each
    row is a record, as psql shows it with \x. Elsewhere (a pipe, a file) a table has its full width
    and no lines around it. With another format, tables are kept until :meth:`conclude`, and all
    other text goes to standard error.
    """

    format: TableFormat = "table"

    def __init__(self, beside: Console) -> None:
        super().__init__()
        self._beside = beside
        self._kept: list[Table] = []

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as the library does, but tables in the way that fits."""
        if len(objects) == 1 and isinstance(objects[0], Table):
            self._show(objects[0])
        elif self.format == "table":
            super().print(*objects, **options)
        else:
            self._beside.print(*objects, **options)

    def conclude(self) -> None:
        """Write the tables kept in the format wanted, and take the next command's as they come."""
        kept, written = self._kept, self.format
        self._kept, self.format = [], "table"
        if written == "json":
            self.file.write(as_json(kept))
        elif written == "csv":
            self.file.write(as_csv(kept))

    def _show(self, table: Table) -> None:
        if self.format != "table":
            self._kept.append(table)
        elif not self.is_terminal:
            self._show_plainly(table)
        elif least_width(table) <= self.width:
            _protect(table)
            super().print(table)
        else:
            self._show_records(table)

    def _show_plainly(self, table: Table) -> None:
        lines = ([_names(table)] if table.show_header else []) + _rows(table)
        widths = [max(map(cell_len, column), default=0) for column in zip(*lines, strict=True)]
        if table.title:
            self.file.write(f"{_plain(table.title)}\n")
        for line in lines:
            cells = [
                (" " * (width - cell_len(cell)) + cell)
                if column.justify == "right"
                else cell + " " * (width - cell_len(cell))
                for cell, width, column in zip(line, widths, table.columns, strict=True)
            ]
            self.file.write("  ".join(cells).rstrip() + "\n")

    def _show_records(self, table: Table) -> None:
        if table.title:
            super().print(table.title, style="table.title", markup=isinstance(table.title, str))
        names = _names(table)
        width = max(map(len, names))
        for number, row in enumerate(_rows(table), 1):
            super().print(f"─[ {number} ]{'─' * max(0, 30 - len(str(number)))}", markup=False)
            for name, cell in zip(names, row, strict=True):
                super().print(
                    f"{name:<{width}} │ {cell}", soft_wrap=True, markup=False, highlight=False
                )


def least_width(table: Table) -> int:
    """Columns of a terminal in which a table can be shown with no word broken."""
    widths = [_least_of_column(column) for column in table.columns]
    return sum(widths) + 3 * len(widths) + 1


def as_json(tables: Sequence[Table]) -> str:
    """Rows as objects; of several tables, an object of them by title."""
    found = [[dict(zip(_keys(t), row, strict=True)) for row in _values(t)] for t in tables]
    if len(tables) == 1:
        return json.dumps(found[0], ensure_ascii=False, indent=1) + "\n"
    titles = [str(_plain(t.title)) if t.title else f"table {n}" for n, t in enumerate(tables, 1)]
    return json.dumps(dict(zip(titles, found, strict=True)), ensure_ascii=False, indent=1) + "\n"


def as_csv(tables: Sequence[Table]) -> str:
    """Rows below their header; several tables with an empty line between."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for number, table in enumerate(tables):
        if number:
            text.write("\n")
        writer.writerow(_keys(table))
        writer.writerows(_values(table))
    return text.getvalue()


def _least_of_column(column: Column) -> int:
    cells = [_plain(column.header), *map(_plain, column.cells)]
    whole = max((cell_len(cell) for cell in cells), default=0)
    if not any(" " in cell.strip() for cell in cells[1:]):
        return whole
    words = max((cell_len(word) for cell in cells for word in cell.split()), default=0)
    return min(whole, max(words, _PROSE))


def _protect(table: Table) -> None:
    """Let only sentences be broken, at their blanks."""
    for column in table.columns:
        column.overflow = "fold"
        if not any(" " in _plain(cell).strip() for cell in column.cells):
            column.no_wrap = True
        else:
            column.min_width = max(
                (len(word) for cell in column.cells for word in _plain(cell).split()), default=0
            )


def _rows(table: Table) -> list[list[str]]:
    columns = [[_plain(cell) for cell in column.cells] for column in table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _names(table: Table) -> list[str]:
    return [_plain(column.header) for column in table.columns]


def _keys(table: Table) -> list[str]:
    names = _names(table)
    blank = ["name", "value"] if len(names) == 2 else [f"column {n}" for n, _ in enumerate(names, 1)]  # noqa: PLR2004
    return [name or other for name, other in zip(names, blank, strict=True)]


def _plain(cell: Any) -> str:
    return Text.from_markup(cell).plain if isinstance(cell, str) else str(cell)


def _values(table: Table) -> list[list[str | int | float]]:
    """Rows with the numbers of columns that hold numbers, which stand to the right."""
    read = [_number if column.justify == "right" else str for column in table.columns]
    return [[of(cell) for of, cell in zip(read, row, strict=True)] for row in _rows(table)]


def _number(cell: str) -> str | int | float:
    """A number where the cell is one as we write them."""
    if not _NUMBER.fullmatch(cell):
        return cell
    plain = cell.replace(",", "")
    return float(plain) if set(".e") & set(plain) else int(plain)
