"""The command line: one file a command, put together in `lazy`."""

import os
import signal
import sys
from typing import Annotated

import typer

from streams import __version__
from streams.cli.lazy import LazyCommands
from streams.setup.garbage import collect_seldom

app = typer.Typer(
    name="zeromile",
    cls=LazyCommands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"zeromile {__version__}")
        raise typer.Exit


def _choose_country(code: str | None) -> None:
    """Let all commands, and the processes that they start, load the policy of a country."""
    if code is None:
        return
    from detectors.errors import PolicyError
    from streams.setup.policy import COUNTRY_VARIABLE, country_text

    try:
        country_text(code)
    except PolicyError as error:
        raise typer.BadParameter(str(error)) from None
    os.environ[COUNTRY_VARIABLE] = code


@app.callback()
def _root(
    *,
    country: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="Whose documents these are (ES): civil days, regions, rules. Default: CN, "
            "or ZEROMILE_COUNTRY.",
            callback=_choose_country,
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "-V", "--version", callback=_show_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    """Say, with evidence, which cars are being sold twice.

    Exit statuses: 0 fine, 1 something asks for attention, 2 wrong use, 3 no Kafka, 130 interrupted.
    docs/commands.md tells more.
    """


def main() -> None:
    """Run the command line; SIGTERM ends it in order, also as the first process of a container.

    That one has no default for signals. Worker and store bring handlers of their own.
    """
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    collect_seldom()
    app()
