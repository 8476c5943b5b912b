"""`zeromile settings`: what the service is set to."""

from __future__ import annotations

import typer
from rich.table import Table

from streams.cli.console import fail, out

app = typer.Typer(no_args_is_help=True, help="Show the settings of the worker, the store and the desk.")


@app.callback()
def _group() -> None:
    """Keep `show` a command of its own."""


@app.command("show")
def show() -> None:
    """Print every setting with its value and meaning; secrets stay hidden."""
    from streams.desk.settings import DeskSettings
    from streams.service.settings import SettingsError, load

    try:
        settings = load(DeskSettings)
    except SettingsError as error:
        fail(str(error))
    table = Table("variable", "value", "meaning")
    for name, field in DeskSettings.model_fields.items():
        table.add_row(f"ZEROMILE_{name.upper()}", str(getattr(settings, name)), field.description)
    out.print(table)
