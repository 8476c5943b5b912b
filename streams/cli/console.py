"""The two consoles: data on standard output, everything else on standard error."""

from typing import NoReturn

import typer
from rich.console import Console
from rich.markup import escape

out = Console()
errors = Console(stderr=True)


def fail(message: str) -> NoReturn:
    """Say what is wrong on standard error and leave with 2, wrong use."""
    errors.print(f"[bold red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(2)
