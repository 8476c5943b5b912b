"""The two consoles: data on standard output, everything else on standard error."""

from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from streams.cli import exit_codes
from streams.cli.tables import TableConsole
from streams.setup.visible_text import visible

errors = Console(stderr=True)
out = TableConsole(errors)


def fail(message: str, code: int = exit_codes.WRONG_USE) -> NoReturn:
    """Say what is wrong on standard error and leave, as wrong use unless it is something else."""
    errors.print(f"[bold red]error:[/] {escape(visible(message))}", highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def show_list(table: Table, nothing: str) -> None:
    """Print a table of what was found; where nothing was, say so beside what programs read."""
    if not table.rows:
        errors.print(escape(nothing), highlight=False, soft_wrap=True)
    if table.rows or out.format != "table":
        out.print(table)


def plain(text: object) -> Text:
    """Text that somebody else wrote: no markup, and nothing that steers the terminal."""
    return Text(visible(str(text)))


def console_beside(*, data_on_standard_output: bool) -> Console:
    """Where a summary goes: standard output, or beside it where that carries data."""
    return errors if data_on_standard_output else out
